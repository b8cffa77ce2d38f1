/** Square matrices as arrays of rows. */

/** The two matrices of the crosslang plugins. */
export function matrices(n) {
  const matrix = (element) =>
    Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => element(i, j)));
  return [matrix((i, j) => ((i * j) % 7) + 1), matrix((i, j) => ((i + 2 * j) % 5) + 1)];
}

/** Their product, with three loops. */
export function multiply(a, b) {
  const n = a.length;
  const c = Array.from({ length: n }, () => new Float64Array(n));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) {
        sum += a[i][k] * b[k][j];
      }
      c[i][j] = sum;
    }
  }
  return c;
}

/** The sum of all elements, each times its number, which tells apart products that are permuted. */
export function weighted(c) {
  let sum = 0;
  c.forEach((row, i) => row.forEach((element, j) => (sum += element * (row.length * i + j + 1))));
  return sum;
}
