// Two matrices of doubles, multiplied with three loops.

#include "dyno.h"

#define N 64

typedef double matrix[N][N];

static void fill(matrix a, matrix b)
{
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = i * j % 7 + 1;
            b[i][j] = (i + 2 * j) % 5 + 1;
        }
    }
}

static void multiply(matrix a, matrix b, matrix c)
{
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    }
}

// Tells each element apart by its place.
static uint64_t weighted_sum(matrix c)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum += c[i][j] * (N * i + j + 1);
    return (uint64_t)sum;
}

static void run(dyno_bench *bench)
{
    static matrix a, b, c;
    fill(a, b);
    while (dyno_next(bench)) {
        DYNO_ITER(bench) {
            multiply(dyno_black_box(a), dyno_black_box(b), c);
            dyno_black_box(c);
        }
        dyno_result_u64(bench, weighted_sum(c));
    }
}

DYNO_CASE("matmul/64", run,
          .description = "Multiplies two matrices of 64 by 64 doubles",
          .group = "matmul",
          .params = {{"n", "64"}},
          .elements = N * N * N,
          .expected = DYNO_EXPECT(0x14f4923bd));
