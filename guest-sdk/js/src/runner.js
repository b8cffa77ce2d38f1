/**
 * The loop between a case and the host: asks for batches, times the function, and hands back the
 * checksum. Everything that a timed section contains is in this file.
 */
import { blackBox } from './black-box.js';
import { checksum } from './checksum.js';

/**
 * Runs the batches that the host asks for. Returns a promise where the case is asynchronous.
 *
 * @param {object} entry a case, as `caseOf` makes it
 * @param {{next(checksum: bigint): bigint | undefined, start(): void, stop(): void}} host
 */
export function run(entry, host) {
  return entry.isAsync ? runAsync(entry, host) : runSync(entry, host);
}

function runSync(entry, host) {
  const input = entry.beforeAll?.();
  if (typeof input?.then === 'function') {
    throw new TypeError('`beforeAll` returned a promise: say `async: true` in the options of the case');
  }
  let sum = 0n;
  let iterations;
  while ((iterations = host.next(sum)) !== undefined) {
    let left = Number(iterations);
    let result;
    while (left > 0) {
      if (entry.beforeEach) {
        const inputs = inputsFor(entry, input, Math.min(left, entry.batch));
        result = timedEach(entry.fn, inputs, host);
        left -= inputs.length;
      } else {
        result = timed(entry.fn, input, left, host);
        left = 0;
      }
    }
    sum = checksum(result);
  }
}

async function runAsync(entry, host) {
  const input = await entry.beforeAll?.();
  let sum = 0n;
  let iterations;
  while ((iterations = host.next(sum)) !== undefined) {
    let left = Number(iterations);
    let result;
    while (left > 0) {
      if (entry.beforeEach) {
        const inputs = await Promise.all(inputsFor(entry, input, Math.min(left, entry.batch)));
        result = await timedEachAsync(entry.fn, inputs, host);
        left -= inputs.length;
      } else {
        result = await timedAsync(entry.fn, input, left, host);
        left = 0;
      }
    }
    sum = checksum(result);
  }
}

function inputsFor(entry, input, count) {
  const inputs = new Array(count);
  for (let i = 0; i < count; i++) {
    inputs[i] = entry.beforeEach(input);
  }
  return inputs;
}

/** Calls `fn` so many times and returns the last result. */
function timed(fn, input, iterations, host) {
  let result;
  host.start();
  for (let left = iterations; left > 0; left--) {
    result = fn(input);
  }
  host.stop();
  return blackBox(result);
}

/** Calls `fn` once with each input and returns the last result. */
function timedEach(fn, inputs, host) {
  const { length } = inputs;
  let result;
  host.start();
  for (let i = 0; i < length; i++) {
    result = fn(inputs[i]);
  }
  host.stop();
  return blackBox(result);
}

/** As `timed`, for a function that returns promises, which are awaited one after another. */
async function timedAsync(fn, input, iterations, host) {
  let result;
  host.start();
  for (let left = iterations; left > 0; left--) {
    result = await fn(input);
  }
  host.stop();
  return blackBox(result);
}

async function timedEachAsync(fn, inputs, host) {
  const { length } = inputs;
  let result;
  host.start();
  for (let i = 0; i < length; i++) {
    result = await fn(inputs[i]);
  }
  host.stop();
  return blackBox(result);
}
