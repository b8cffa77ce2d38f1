/**
 * FNV-1a with 64 bits, held as two halves of 32: numbers up to 2^53 are exact, so that no byte
 * costs a BigInt.
 *
 * The prime is 2^40 + 0x1b3. With h = high * 2^32 + low, modulo 2^64:
 * h * prime = (low * 0x1b3) + 2^32 * (high * 0x1b3 + low * 2^8).
 */
export class Fnv1a {
  #high = 0xcbf29ce4;
  #low = 0x84222325;

  /** Adds bytes as they are, without their length. */
  bytes(bytes) {
    let high = this.#high;
    let low = this.#low;
    for (let i = 0; i < bytes.length; i++) {
      low = (low ^ bytes[i]) >>> 0;
      const product = low * 0x1b3;
      high = (Math.imul(high, 0x1b3) + (low << 8) + Math.floor(product / 0x100000000)) | 0;
      low = product >>> 0;
    }
    this.#high = high;
    this.#low = low;
  }

  /** The hash of what was added so far, as a BigInt. */
  finish() {
    return (BigInt(this.#high >>> 0) << 32n) | BigInt(this.#low >>> 0);
  }
}
