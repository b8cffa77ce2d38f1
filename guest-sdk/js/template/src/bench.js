import { Bench, SplitMix64 } from 'dyno-guest';

function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

const bench = new Bench();

bench.add('fib/15', () => fib(15), {
  description: 'Recursive Fibonacci numbers',
  expected: 610,
});

for (const length of [100, 10_000]) {
  bench.add(`sort/${length}`, (numbers) => numbers.sort((a, b) => a - b), {
    description: 'Sorts random numbers',
    group: 'sort',
    params: { length },
    throughput: { elements: length },
    // Once, and not timed.
    beforeAll: () => {
      const random = new SplitMix64(length);
      return Array.from({ length }, () => random.below(2 ** 32));
    },
    // Before each iteration, and not timed: sorting what is sorted would be another benchmark.
    beforeEach: (numbers) => numbers.slice(),
    batch: 16,
  });
}

export default bench;
