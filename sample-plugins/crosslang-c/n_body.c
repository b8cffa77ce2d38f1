// The Sun and four planets of the Computer Language Benchmarks Game. The order of the operations is
// that of crosslang.md, so that all 53 bits of the energy agree between languages.

#include <math.h>
#include <string.h>

#include "dyno.h"

#define STEPS 10000
#define BODIES 5
#define STEP 0.01
#define SOLAR_MASS (4 * 3.141592653589793 * 3.141592653589793)
#define DAYS 365.24

typedef struct body {
    double position[3];
    double velocity[3];
    double mass;
} body;

static const body PLANETS[BODIES] = {
    {{0, 0, 0}, {0, 0, 0}, SOLAR_MASS},
    {{4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01},
     {1.66007664274403694e-03 * DAYS, 7.69901118419740425e-03 * DAYS, -6.90460016972063023e-05 * DAYS},
     9.54791938424326609e-04 * SOLAR_MASS},
    {{8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01},
     {-2.76742510726411899e-03 * DAYS, 4.99852801234917238e-03 * DAYS, 2.30417297573763929e-05 * DAYS},
     2.85885980666130812e-04 * SOLAR_MASS},
    {{1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01},
     {2.96460137564761618e-03 * DAYS, 2.37847173959480950e-03 * DAYS, -2.96589568540237556e-05 * DAYS},
     4.36624404335156298e-05 * SOLAR_MASS},
    {{1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01},
     {2.68067772490389322e-03 * DAYS, 1.62824170038242295e-03 * DAYS, -9.51592254519715870e-05 * DAYS},
     5.15138902046611451e-05 * SOLAR_MASS},
};

// Gives the Sun the momentum that makes the whole stand still.
static void offset_momentum(body bodies[BODIES])
{
    for (int axis = 0; axis < 3; axis++) {
        double momentum = 0;
        for (int i = 0; i < BODIES; i++)
            momentum += bodies[i].velocity[axis] * bodies[i].mass;
        bodies[0].velocity[axis] = -momentum / SOLAR_MASS;
    }
}

static void advance(body bodies[BODIES])
{
    for (int i = 0; i < BODIES; i++) {
        body *a = &bodies[i];
        for (int j = i + 1; j < BODIES; j++) {
            body *b = &bodies[j];
            double dx = a->position[0] - b->position[0];
            double dy = a->position[1] - b->position[1];
            double dz = a->position[2] - b->position[2];
            double d2 = dx * dx + dy * dy + dz * dz;
            double magnitude = STEP / (d2 * sqrt(d2));
            double of_a = a->mass * magnitude, of_b = b->mass * magnitude;
            a->velocity[0] -= dx * of_b;
            a->velocity[1] -= dy * of_b;
            a->velocity[2] -= dz * of_b;
            b->velocity[0] += dx * of_a;
            b->velocity[1] += dy * of_a;
            b->velocity[2] += dz * of_a;
        }
    }
    for (int i = 0; i < BODIES; i++)
        for (int axis = 0; axis < 3; axis++)
            bodies[i].position[axis] += STEP * bodies[i].velocity[axis];
}

static double energy(const body bodies[BODIES])
{
    double e = 0;
    for (int i = 0; i < BODIES; i++) {
        const body *a = &bodies[i];
        const double *v = a->velocity;
        e += 0.5 * a->mass * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
        for (int j = i + 1; j < BODIES; j++) {
            const body *b = &bodies[j];
            double dx = a->position[0] - b->position[0];
            double dy = a->position[1] - b->position[1];
            double dz = a->position[2] - b->position[2];
            e -= (a->mass * b->mass) / sqrt(dx * dx + dy * dy + dz * dz);
        }
    }
    return e;
}

static double simulate(const body initial[BODIES])
{
    body bodies[BODIES];
    memcpy(bodies, initial, sizeof bodies);
    for (int step = 0; step < STEPS; step++)
        advance(bodies);
    return energy(bodies);
}

static void run(dyno_bench *b)
{
    body initial[BODIES];
    memcpy(initial, PLANETS, sizeof initial);
    offset_momentum(initial);

    double result = 0;
    while (dyno_next(b)) {
        DYNO_ITER(b) {
            result = dyno_black_box(simulate(dyno_black_box(initial)));
        }
        dyno_result_f64(b, result);
    }
}

DYNO_CASE("n-body/10000", run,
          .description = "10,000 steps of the Sun and four planets",
          .group = "n-body",
          .params = {{"steps", "10000"}},
          .elements = STEPS,
          .expected = DYNO_EXPECT(0xbfc5a254abdbca3c));
