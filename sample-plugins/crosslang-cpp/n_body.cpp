// The Sun and four planets of the Computer Language Benchmarks Game. The order of the operations is
// that of crosslang.md, so that all 53 bits of the energy agree between languages.

#include <array>
#include <cmath>
#include <cstddef>

#include "dyno.hpp"

namespace {

constexpr int steps = 10'000;
constexpr double step = 0.01;
constexpr double pi = 3.141592653589793;
constexpr double solar_mass = 4 * pi * pi;
constexpr double days = 365.24;

struct Vector {
    double x, y, z;

    Vector operator-(const Vector &other) const { return {x - other.x, y - other.y, z - other.z}; }
    Vector operator*(double factor) const { return {x * factor, y * factor, z * factor}; }
    Vector &operator+=(const Vector &other) { return x += other.x, y += other.y, z += other.z, *this; }
    Vector &operator-=(const Vector &other) { return x -= other.x, y -= other.y, z -= other.z, *this; }
    double squared() const { return x * x + y * y + z * z; }
};

struct Body {
    Vector position;
    Vector velocity;
    double mass;
};

class System {
public:
    System()
    {
        // Gives the Sun the momentum that makes the whole stand still.
        Vector momentum = {0, 0, 0};
        for (const Body &body : bodies_)
            momentum += body.velocity * body.mass;
        bodies_[0].velocity = {-momentum.x / solar_mass, -momentum.y / solar_mass, -momentum.z / solar_mass};
    }

    void advance()
    {
        for (std::size_t i = 0; i < bodies_.size(); i++) {
            for (std::size_t j = i + 1; j < bodies_.size(); j++) {
                Body &a = bodies_[i], &b = bodies_[j];
                const Vector d = a.position - b.position;
                const double d2 = d.squared();
                const double magnitude = step / (d2 * std::sqrt(d2));
                const double of_a = a.mass * magnitude, of_b = b.mass * magnitude;
                a.velocity -= d * of_b;
                b.velocity += d * of_a;
            }
        }
        for (Body &body : bodies_)
            body.position += body.velocity * step;
    }

    double energy() const
    {
        double e = 0;
        for (std::size_t i = 0; i < bodies_.size(); i++) {
            const Body &a = bodies_[i];
            e += 0.5 * a.mass * a.velocity.squared();
            for (std::size_t j = i + 1; j < bodies_.size(); j++) {
                const Body &b = bodies_[j];
                e -= (a.mass * b.mass) / std::sqrt((a.position - b.position).squared());
            }
        }
        return e;
    }

private:
    std::array<Body, 5> bodies_ = {{
        {{0, 0, 0}, {0, 0, 0}, solar_mass},
        {{4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01},
         {1.66007664274403694e-03 * days, 7.69901118419740425e-03 * days, -6.90460016972063023e-05 * days},
         9.54791938424326609e-04 * solar_mass},
        {{8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01},
         {-2.76742510726411899e-03 * days, 4.99852801234917238e-03 * days, 2.30417297573763929e-05 * days},
         2.85885980666130812e-04 * solar_mass},
        {{1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01},
         {2.96460137564761618e-03 * days, 2.37847173959480950e-03 * days, -2.96589568540237556e-05 * days},
         4.36624404335156298e-05 * solar_mass},
        {{1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01},
         {2.68067772490389322e-03 * days, 1.62824170038242295e-03 * days, -9.51592254519715870e-05 * days},
         5.15138902046611451e-05 * solar_mass},
    }};
};

} // namespace

DYNO_SUITE(suite)
{
    suite.add("n-body/10000")
        .description("10,000 steps of the Sun and four planets")
        .group("n-body")
        .param("steps", steps)
        .elements(steps)
        .expected(0xbfc5a254abdbca3c)
        .run([](dyno::Bench &b) {
            const System initial;
            b.iter([&] {
                System system = initial;
                for (int i = 0; i < steps; i++)
                    system.advance();
                return system.energy();
            });
        });
}
