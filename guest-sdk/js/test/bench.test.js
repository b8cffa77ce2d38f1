/** Adding cases, and running them on the stand-in for the host. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, SplitMix64, blackBox } from '../src/index.js';
import { run } from '../src/runner.js';
import { StandIn, runAll, runCase } from '../src/testing.js';

test('a case is listed with all that was said of it', () => {
  const bench = new Bench().add('sum/10', () => 45, {
    description: 'Adds',
    group: 'sum',
    params: { numbers: 10, order: 'up' },
    throughput: { elements: 10 },
    expected: -1,
  });
  const [listed] = bench.cases;
  assert.equal(listed.description, 'Adds');
  assert.deepEqual(listed.params, [
    { name: 'numbers', value: '10' },
    { name: 'order', value: 'up' },
  ]);
  assert.deepEqual(listed.throughput, { tag: 'elements', val: 10n });
  assert.equal(listed.expected, 2n ** 64n - 1n);
});

test('every case runs and gives its checksum', async () => {
  const bench = new Bench()
    .add('number', () => blackBox(42), { expected: 42 })
    .add('async', async () => 7)
    .add('promise', () => Promise.resolve(8), { async: true });
  assert.deepEqual([...(await runAll(bench))], [['number', 42n], ['async', 7n], ['promise', 8n]]);
});

test('beforeAll is called once and beforeEach before each iteration', () => {
  const calls = [];
  const bench = new Bench().add('case', (input) => (calls.push('fn'), input), {
    beforeAll: () => (calls.push('all'), 20),
    beforeEach: (input) => (calls.push('each'), input + 1),
    batch: 4,
  });
  const host = new StandIn([1n, 5n]);
  run(bench.cases[0], host);
  const four = ['each', 'each', 'each', 'each', 'fn', 'fn', 'fn', 'fn'];
  assert.deepEqual(calls, ['all', 'each', 'fn', ...four, 'each', 'fn']);
  assert.deepEqual(host.checksums, [21n, 21n]);
});

test('asynchronous hooks are awaited outside the timed part', async () => {
  const bench = new Bench().add('case', async (input) => input, {
    beforeAll: async () => 1,
    beforeEach: async (input) => input + 1,
    batch: 2,
    expected: 2,
  });
  assert.equal(await runCase(bench, 'case'), 2n);
});

test('what is wrong is told when it is added', () => {
  const bench = new Bench().add('taken', () => {});
  const fn = () => {};
  const wrong = [
    [['taken', fn], /two cases are named "taken"/],
    [[fn], /the name of a case is a string/],
    [['x', 5], /the second argument of add is the function/],
    [['x', fn, { beforeeach: fn }], /no option `beforeeach`, only description/],
    [['x', fn, { beforeAll: 5 }], /`beforeAll` is a function/],
    [['x', fn, { throughput: 5 }], /`throughput` is \{ bytes/],
    [['x', fn, { throughput: {} }], /`throughput` is \{ bytes/],
    [['x', fn, { throughput: { bytes: 1, elements: 1 } }], /`throughput` is \{ bytes/],
    [['x', fn, { throughput: { bytes: 1.5 } }], /`throughput` is a whole number/],
    [['x', fn, { expected: 2 ** 60 }], /`expected` is a whole number; beyond 2\^53/],
    [['x', fn, { batch: 2 }], /inputs that `beforeEach` makes/],
    [['x', fn, { batch: 0, beforeEach: fn }], /inputs that `beforeEach` makes/],
  ];
  for (const [args, message] of wrong) {
    assert.throws(() => bench.add(...args), message);
  }
  assert.equal(bench.cases.length, 1);
});

test('failures are told', async () => {
  let count = 0;
  const bench = new Bench()
    .add('wrong', () => 2, { expected: 1 })
    .add('changing', () => count++)
    .add('throwing', () => null.x)
    .add('promise', () => Promise.resolve(1))
    .add('setup', () => 1, { beforeAll: async () => 1 });
  await assert.rejects(runCase(bench, 'wrong'), /the checksum is 0x2 where 0x1 was expected/);
  await assert.rejects(runCase(bench, 'changing'), /the batches' checksums are 0x0, 0x3, 0xd/);
  await assert.rejects(runCase(bench, 'throwing'), TypeError);
  await assert.rejects(runCase(bench, 'promise'), /async: true/);
  await assert.rejects(runCase(bench, 'setup'), /`beforeAll` returned a promise/);
  await assert.rejects(runCase(bench, 'none'), /no case named "none"/);
});

/** The first numbers of the reference implementation for the seed 1234567. */
test('SplitMix64: published vectors', () => {
  const random = new SplitMix64(1234567);
  const numbers = [random.nextU64(), random.nextU64(), random.nextU64()];
  assert.deepEqual(numbers, [6457827717110365317n, 3203168211198807973n, 9817491932198370423n]);
});

test('SplitMix64: below stays below', () => {
  const random = new SplitMix64(1);
  assert.deepEqual([random.below(0), random.below(1)], [0, 0]);
  assert.ok(Array.from({ length: 1000 }, () => random.below(10)).every((n) => n >= 0 && n < 10));
});
