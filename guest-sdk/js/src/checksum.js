/**
 * Turns the result of an iteration into the checksum that a batch hands to the host, the same way
 * in every language. A *word* is 8 bytes, little-endian.
 *
 * | result                                  | bytes                                              |
 * |-----------------------------------------|----------------------------------------------------|
 * | safe integer, BigInt of 64 bits         | one word, two's complement                         |
 * | other number                            | one word, the bits of the double; NaN is           |
 * |                                         | `0x7ff8000000000000`                               |
 * | BigInt of 128 bits                      | two words, the low one first                       |
 * | boolean                                 | one word, 0 or 1                                   |
 * | string                                  | a word with the length in bytes, then the UTF-8    |
 * | `Uint8Array`, `Uint8ClampedArray`,      | a word with the length, then the bytes             |
 * | `ArrayBuffer`, `DataView`               |                                                    |
 * | `Float64Array`, `Float32Array`          | a word with the length, then a double for each     |
 * |                                         | element, whole numbers too                         |
 * | array, other typed array                | a word with the length, then each element          |
 * | `Tuple`                                 | its fields, in order                               |
 * | `undefined`, `null`                     | no bytes at all, like the empty tuple              |
 *
 * A result that is a single number of one word is its own checksum: `fib(20)` has 6765 in every
 * language. Any other has the FNV-1a hash, 64 bits, of its bytes. JavaScript does not tell 2.0 from
 * 2: a result that other languages compute as a float may be a whole number here, which is then
 * encoded as an integer; return it in a `Float64Array` where that can happen. Objects, maps and
 * sets have no order that other languages share: return an array of their entries, sorted.
 */
import { Fnv1a } from './fnv1a.js';

/** Fields that stand one after another, without the length that an array has. */
export class Tuple {
  constructor(...fields) {
    this.fields = fields;
  }
}

/** The checksum of a result, as a BigInt. A `TypeError` says which type has none. */
export function checksum(result) {
  if (word(result)) {
    return scratch.getBigUint64(0, true);
  }
  const hash = new Fnv1a();
  feed(hash, result);
  return hash.finish();
}

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/** Writes the word of a value that is a single number; false if it is not. */
function word(value) {
  switch (typeof value) {
    case 'number':
      if (Number.isSafeInteger(value)) {
        integer(value);
      } else {
        float(value);
      }
      return true;
    case 'boolean':
      integer(Number(value));
      return true;
    case 'bigint':
      scratch.setBigUint64(0, BigInt.asUintN(64, value), true);
      return BigInt.asUintN(64, value) === value || BigInt.asIntN(64, value) === value;
    default:
      return false;
  }
}

function integer(value) {
  scratch.setInt32(0, value | 0, true);
  scratch.setInt32(4, Math.floor(value / 0x100000000) | 0, true);
}

function float(value) {
  if (Number.isNaN(value)) {
    scratch.setBigUint64(0, 0x7ff8000000000000n, true);
  } else {
    scratch.setFloat64(0, value, true);
  }
}

/** Adds the encoding of a value to a hash. */
function feed(hash, value) {
  if (word(value)) {
    hash.bytes(scratchBytes);
  } else if (value === undefined || value === null) {
    // The empty tuple.
  } else if (typeof value === 'bigint') {
    wide(hash, value);
  } else if (typeof value === 'string') {
    feedBytes(hash, new TextEncoder().encode(value));
  } else if (value instanceof Tuple) {
    value.fields.forEach((field) => feed(hash, field));
  } else if (value instanceof Float64Array || value instanceof Float32Array) {
    sequence(hash, value, float);
  } else if (isBytes(value)) {
    feedBytes(hash, bytesOf(value));
  } else if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    length(hash, value.length);
    for (const element of value) {
      feed(hash, element);
    }
  } else {
    throw new TypeError(`the host cannot check ${named(value)}`);
  }
}

function wide(hash, value) {
  if (BigInt.asUintN(128, value) !== value && BigInt.asIntN(128, value) !== value) {
    throw new TypeError('the host cannot check an integer of more than 128 bits');
  }
  for (const half of [value, value >> 64n]) {
    scratch.setBigUint64(0, BigInt.asUintN(64, half), true);
    hash.bytes(scratchBytes);
  }
}

function isBytes(value) {
  return (
    value instanceof Uint8Array ||
    value instanceof Uint8ClampedArray ||
    value instanceof DataView ||
    value instanceof ArrayBuffer
  );
}

function bytesOf(value) {
  return value instanceof ArrayBuffer
    ? new Uint8Array(value)
    : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function feedBytes(hash, bytes) {
  length(hash, bytes.length);
  hash.bytes(bytes);
}

function length(hash, value) {
  integer(value);
  hash.bytes(scratchBytes);
}

function sequence(hash, elements, write) {
  length(hash, elements.length);
  for (const element of elements) {
    write(element);
    hash.bytes(scratchBytes);
  }
}

/** What a value is that has no checksum, and what to do about it. */
function named(value) {
  if (typeof value?.then === 'function') {
    return 'a promise: say `async: true` in the options of the case, so that it is awaited';
  }
  const kind = typeof value === 'object' ? value.constructor?.name ?? 'object' : typeof value;
  return `a result of type ${kind}: return numbers, strings, arrays of these, or nothing`;
}
