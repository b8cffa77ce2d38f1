/** Marsaglia's xorshift32, from the seed of the crosslang plugins. */
export function xorshift32(count) {
  let x = 2463534242;
  return Array.from({ length: count }, () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  });
}
