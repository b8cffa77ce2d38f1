/**
 * SplitMix64: the generator for the inputs of a case; seeded, portable, and the same numbers in
 * every SDK, which is what makes checksums comparable between languages. Not for secrets.
 */
export class SplitMix64 {
  #state;

  /** @param {number | bigint} seed */
  constructor(seed) {
    this.#state = BigInt.asUintN(64, BigInt(seed));
  }

  /** The next 64 random bits, as a BigInt. */
  nextU64() {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    let mixed = this.#state;
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  }

  /**
   * A number below `bound` (at most 2^32), or 0 if that is 0: the upper half of the next 64 bits
   * times `bound`, divided by 2^32.
   */
  below(bound) {
    return Number(((this.nextU64() >> 32n) * BigInt(bound)) >> 32n);
  }
}
