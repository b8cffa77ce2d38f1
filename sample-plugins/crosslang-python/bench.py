"""The five jobs of `crosslang.md`, as one writes them in Python."""

import hashlib
import math

from dyno_guest import bench


def every_byte(bytes):
    return bytearray(i % 251 for i in range(bytes))


@bench(
    name="sha256/1MiB",
    group="sha256",
    params={"bytes": 1_048_576},
    setup=every_byte,
    throughput_bytes=1_048_576,
    expected=0x066B_C545_205F_FF3D,
)
def sha256(data):
    """SHA-256 of 1 MiB, with hashlib"""
    return hashlib.sha256(data).digest()


SOLAR_MASS = 4 * 3.141592653589793 * 3.141592653589793
DAYS = 365.24

# Position, velocity and mass of the Sun and four planets.
BODIES = [
    ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], SOLAR_MASS),
    (
        [4.84143144246472090e00, -1.16032004402742839e00, -1.03622044471123109e-01],
        [
            1.66007664274403694e-03 * DAYS,
            7.69901118419740425e-03 * DAYS,
            -6.90460016972063023e-05 * DAYS,
        ],
        9.54791938424326609e-04 * SOLAR_MASS,
    ),
    (
        [8.34336671824457987e00, 4.12479856412430479e00, -4.03523417114321381e-01],
        [
            -2.76742510726411899e-03 * DAYS,
            4.99852801234917238e-03 * DAYS,
            2.30417297573763929e-05 * DAYS,
        ],
        2.85885980666130812e-04 * SOLAR_MASS,
    ),
    (
        [1.28943695621391310e01, -1.51111514016986312e01, -2.23307578892655734e-01],
        [
            2.96460137564761618e-03 * DAYS,
            2.37847173959480950e-03 * DAYS,
            -2.96589568540237556e-05 * DAYS,
        ],
        4.36624404335156298e-05 * SOLAR_MASS,
    ),
    (
        [1.53796971148509165e01, -2.59193146099879641e01, 1.79258772950371181e-01],
        [
            2.68067772490389322e-03 * DAYS,
            1.62824170038242295e-03 * DAYS,
            -9.51592254519715870e-05 * DAYS,
        ],
        5.15138902046611451e-05 * SOLAR_MASS,
    ),
]


def solar_system():
    """A copy of the bodies in which the Sun's momentum offsets that of the planets."""
    bodies = [(list(position), list(velocity), mass) for position, velocity, mass in BODIES]
    for axis in range(3):
        momentum = 0.0
        for _, velocity, mass in bodies:
            momentum += velocity[axis] * mass
        bodies[0][1][axis] = -momentum / SOLAR_MASS
    return bodies


def advance(pairs, bodies, steps):
    sqrt = math.sqrt
    for _ in range(steps):
        for (p, v, m), (q, w, n) in pairs:
            dx = p[0] - q[0]
            dy = p[1] - q[1]
            dz = p[2] - q[2]
            d2 = dx * dx + dy * dy + dz * dz
            mag = 0.01 / (d2 * sqrt(d2))
            mi = m * mag
            mj = n * mag
            v[0] -= dx * mj
            v[1] -= dy * mj
            v[2] -= dz * mj
            w[0] += dx * mi
            w[1] += dy * mi
            w[2] += dz * mi
        for p, v, _ in bodies:
            p[0] += 0.01 * v[0]
            p[1] += 0.01 * v[1]
            p[2] += 0.01 * v[2]


def energy(bodies):
    e = 0.0
    for i, (p, v, m) in enumerate(bodies):
        e += 0.5 * m * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
        for q, _, n in bodies[i + 1 :]:
            dx = p[0] - q[0]
            dy = p[1] - q[1]
            dz = p[2] - q[2]
            e -= (m * n) / math.sqrt(dx * dx + dy * dy + dz * dz)
    return e


@bench(
    name="n-body/10000",
    group="n-body",
    params={"steps": 10_000},
    throughput_elements=10_000,
    expected=0xBFC5_A254_ABDB_CA3C,
)
def n_body(steps):
    """The Sun and four planets, 10,000 steps"""
    bodies = solar_system()
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1 :]]
    advance(pairs, bodies, steps)
    return energy(bodies)


def xorshift32(elements):
    numbers, x = [], 2463534242
    for _ in range(elements):
        x ^= x << 13 & 0xFFFF_FFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFF_FFFF
        numbers.append(x)
    return numbers


@bench(
    name="sort/100000",
    group="sort",
    params={"elements": 100_000},
    setup=xorshift32,
    fresh=list,
    throughput_elements=100_000,
    expected=0xBE58_7005_60CC_2F87,
)
def sort(numbers):
    """Sorts 100,000 random numbers with list.sort"""
    numbers.sort()
    return numbers[::1000]


@bench(
    name="strings/10000",
    group="strings",
    params={"numbers": 10_000},
    throughput_bytes=48_890,
    expected=0x60A9_E111_ADA8_413F,
)
def strings(numbers):
    """Builds a text of 10,000 numbers with join"""
    return "".join(f"{number}," for number in range(numbers))


def matrices(n):
    a = [[float(i * j % 7 + 1) for j in range(n)] for i in range(n)]
    b = [[float((i + 2 * j) % 5 + 1) for j in range(n)] for i in range(n)]
    return a, b


@bench(
    name="matmul/64",
    group="matmul",
    params={"n": 64},
    setup=matrices,
    throughput_elements=262_144,
    expected=0x14F4_923BD,
)
def matmul(matrices):
    """Multiplies two matrices of 64 by 64 with three loops"""
    a, b = matrices
    n = len(a)
    c = [[0.0] * n for _ in range(n)]
    for i in range(n):
        row, out = a[i], c[i]
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += row[k] * b[k][j]
            out[j] = total
    return int(sum(c[i][j] * (n * i + j + 1) for i in range(n) for j in range(n)))
