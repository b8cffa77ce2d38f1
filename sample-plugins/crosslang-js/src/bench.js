/** The five jobs of `crosslang.md`, as one writes them in JavaScript. */
import { Bench } from 'dyno-guest';
import { multiply, matrices, weighted } from './matmul.js';
import { advance, energy, solarSystem } from './n-body.js';
import { sha256 } from './sha256.js';
import { xorshift32 } from './xorshift.js';

const bench = new Bench();

bench.add('sha256/1MiB', sha256, {
  description: 'SHA-256 of 1 MiB, by hand: JavaScript itself has none',
  group: 'sha256',
  params: { bytes: 1_048_576 },
  throughput: { bytes: 1_048_576 },
  expected: 0x066bc545205fff3dn,
  beforeAll: () => Uint8Array.from({ length: 1_048_576 }, (_, i) => i % 251),
});

bench.add(
  'n-body/10000',
  () => {
    const bodies = solarSystem();
    advance(bodies, 10_000);
    return energy(bodies);
  },
  {
    description: 'The Sun and four planets, 10,000 steps',
    group: 'n-body',
    params: { steps: 10_000 },
    throughput: { elements: 10_000 },
    expected: 0xbfc5a254abdbca3cn,
  },
);

bench.add(
  'sort/100000',
  (numbers) => {
    numbers.sort((a, b) => a - b);
    return numbers.filter((_, i) => i % 1000 === 0);
  },
  {
    description: 'Sorts 100,000 random numbers with Array.prototype.sort',
    group: 'sort',
    params: { elements: 100_000 },
    throughput: { elements: 100_000 },
    expected: 0xbe58700560cc2f87n,
    beforeAll: () => xorshift32(100_000),
    beforeEach: (numbers) => numbers.slice(),
  },
);

bench.add(
  'strings/10000',
  () => {
    let text = '';
    for (let i = 0; i < 10_000; i++) {
      text += `${i},`;
    }
    return text;
  },
  {
    description: 'Builds a text of 10,000 numbers by appending',
    group: 'strings',
    params: { numbers: 10_000 },
    throughput: { bytes: 48_890 },
    expected: 0x60a9e111ada8413fn,
  },
);

bench.add('matmul/64', ([a, b]) => weighted(multiply(a, b)), {
  description: 'Multiplies two matrices of 64 by 64 with three loops',
  group: 'matmul',
  params: { n: 64 },
  throughput: { elements: 262_144 },
  expected: 0x14f4923bd,
  beforeAll: () => matrices(64),
});

export default bench;
