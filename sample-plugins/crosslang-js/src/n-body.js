/** The Sun and four planets of the Computer Language Benchmarks Game, with its constants. */

const SOLAR_MASS = 4 * 3.141592653589793 * 3.141592653589793;
const DAYS = 365.24;

function planet(x, y, z, vx, vy, vz, mass) {
  return {
    x,
    y,
    z,
    vx: vx * DAYS,
    vy: vy * DAYS,
    vz: vz * DAYS,
    mass: mass * SOLAR_MASS,
  };
}

/** The bodies; the Sun's momentum offsets that of the planets. */
export function solarSystem() {
  const sun = { x: 0, y: 0, z: 0, vx: 0, vy: 0, vz: 0, mass: SOLAR_MASS };
  const bodies = [
    sun,
    planet(
      4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01,
      1.66007664274403694e-03, 7.69901118419740425e-03, -6.90460016972063023e-05,
      9.54791938424326609e-04,
    ),
    planet(
      8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01,
      -2.76742510726411899e-03, 4.99852801234917238e-03, 2.30417297573763929e-05,
      2.85885980666130812e-04,
    ),
    planet(
      1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01,
      2.96460137564761618e-03, 2.37847173959480950e-03, -2.96589568540237556e-05,
      4.36624404335156298e-05,
    ),
    planet(
      1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01,
      2.68067772490389322e-03, 1.62824170038242295e-03, -9.51592254519715870e-05,
      5.15138902046611451e-05,
    ),
  ];
  const momentum = (velocity) => bodies.reduce((sum, body) => sum + body[velocity] * body.mass, 0);
  sun.vx = -momentum('vx') / SOLAR_MASS;
  sun.vy = -momentum('vy') / SOLAR_MASS;
  sun.vz = -momentum('vz') / SOLAR_MASS;
  return bodies;
}

/** Lets so many steps of 0.01 pass. */
export function advance(bodies, steps) {
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < bodies.length; i++) {
      const a = bodies[i];
      for (let j = i + 1; j < bodies.length; j++) {
        const b = bodies[j];
        const dx = a.x - b.x;
        const dy = a.y - b.y;
        const dz = a.z - b.z;
        const d2 = dx * dx + dy * dy + dz * dz;
        const mag = 0.01 / (d2 * Math.sqrt(d2));
        const mi = a.mass * mag;
        const mj = b.mass * mag;
        a.vx -= dx * mj;
        a.vy -= dy * mj;
        a.vz -= dz * mj;
        b.vx += dx * mi;
        b.vy += dy * mi;
        b.vz += dz * mi;
      }
    }
    for (const body of bodies) {
      body.x += 0.01 * body.vx;
      body.y += 0.01 * body.vy;
      body.z += 0.01 * body.vz;
    }
  }
}

/** Kinetic less potential energy. */
export function energy(bodies) {
  let e = 0;
  bodies.forEach((a, i) => {
    e += 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz);
    for (const b of bodies.slice(i + 1)) {
      const dx = a.x - b.x;
      const dy = a.y - b.y;
      const dz = a.z - b.z;
      e -= (a.mass * b.mass) / Math.sqrt(dx * dx + dy * dy + dz * dz);
    }
  });
  return e;
}
