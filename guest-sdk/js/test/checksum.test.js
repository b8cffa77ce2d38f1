/** The encoding of checksums, against the vectors of the other SDKs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tuple, checksum } from '../src/checksum.js';
import { Fnv1a } from '../src/fnv1a.js';

function fnv1a(...parts) {
  const hash = new Fnv1a();
  parts.forEach((part) => hash.bytes(typeof part === 'string' ? new TextEncoder().encode(part) : part));
  return hash.finish();
}

function word(value) {
  return new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, BigInt(value))).buffer);
}

function double(value) {
  return new Uint8Array(Float64Array.of(value).buffer);
}

/** Of the FNV reference code; another hash would part us from every other language. */
test('published vectors', () => {
  assert.equal(fnv1a(''), 0xcbf29ce484222325n);
  assert.equal(fnv1a('a'), 0xaf63dc4c8601ec8cn);
  assert.equal(fnv1a('foobar'), 0x85944171f73967e8n);
  assert.equal(fnv1a('chongo was here!\n'), 0x46810940eff5f915n);
});

/** The halves of 32 bits must carry into each other for every byte. */
test('the hash is that of 64-bit arithmetic', () => {
  const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i * i) >> 3);
  let expected = 0xcbf29ce484222325n;
  for (const byte of bytes) {
    expected = BigInt.asUintN(64, (expected ^ BigInt(byte)) * 0x100000001b3n);
  }
  assert.equal(fnv1a(bytes), expected);
});

test('a single number is its own checksum', () => {
  assert.equal(checksum(6765), 6765n);
  assert.equal(checksum(-1), 0xffffffffffffffffn);
  assert.equal(checksum(Number.MAX_SAFE_INTEGER), 2n ** 53n - 1n);
  assert.equal(checksum(Number.MIN_SAFE_INTEGER), 2n ** 64n - 2n ** 53n + 1n);
  assert.equal(checksum(-0x100000000), 2n ** 64n - 2n ** 32n);
  assert.equal(checksum(2n ** 64n - 1n), 2n ** 64n - 1n);
  assert.equal(checksum(-1n), 2n ** 64n - 1n);
  assert.equal(checksum(true), 1n);
  assert.equal(checksum(1.5), 0x3ff8000000000000n);
  assert.equal(checksum(2 ** 53), 0x4340000000000000n);
  assert.equal(checksum(NaN), 0x7ff8000000000000n);
});

/** Each against its bytes as the table states them. */
test('encodings', () => {
  assert.equal(checksum(undefined), fnv1a(''));
  assert.equal(checksum(null), fnv1a(''));
  assert.equal(checksum('ab'), fnv1a(word(2), 'ab'));
  assert.equal(checksum('é'), fnv1a(word(2), 'é'));
  assert.equal(checksum([-1]), fnv1a(word(1), word(-1)));
  assert.equal(checksum([1, [0.5], 'x']), fnv1a(word(3), word(1), word(1), double(0.5), word(1), 'x'));
  assert.equal(checksum(new Tuple(5, 'x')), fnv1a(word(5), word(1), 'x'));
  assert.equal(checksum(2n ** 64n), checksum(new Tuple(0, 1)));
  assert.equal(checksum(-(2n ** 64n)), checksum(new Tuple(0, -1)));
});

test('bytes of every kind are the same', () => {
  const bytes = new TextEncoder().encode('xaby');
  const kinds = [
    bytes.subarray(1, 3),
    bytes.slice(1, 3).buffer,
    new DataView(bytes.buffer, 1, 2),
    Uint8ClampedArray.from(bytes.subarray(1, 3)),
  ];
  kinds.forEach((kind) => assert.equal(checksum(kind), checksum('ab')));
});

test('typed arrays', () => {
  assert.equal(checksum(Float64Array.of(1, NaN)), fnv1a(word(2), double(1), word(0x7ff8000000000000n)));
  assert.equal(checksum(Float32Array.of(1.5)), checksum(Float64Array.of(1.5)));
  assert.equal(checksum(Int32Array.of(-1, 2)), checksum([-1, 2]));
  assert.equal(checksum(BigUint64Array.of(5n)), checksum([5]));
});

test('what has no checksum is refused', () => {
  assert.throws(() => checksum({ a: 1 }), /a result of type Object: return numbers/);
  assert.throws(() => checksum(new Map()), /type Map/);
  assert.throws(() => checksum(() => 1), /type function/);
  assert.throws(() => checksum(Promise.resolve()), /a promise: say `async: true`/);
  assert.throws(() => checksum(2n ** 128n), /more than 128 bits/);
});
