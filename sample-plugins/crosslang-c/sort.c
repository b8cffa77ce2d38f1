// The C library's qsort.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dyno.h"

#define COUNT 100000
#define SEED 2463534242u

// Which of the sorted numbers the result holds.
#define EVERY 1000

// Marsaglia's xorshift32.
static void fill(uint32_t *numbers)
{
    uint32_t x = SEED;
    for (size_t i = 0; i < COUNT; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        numbers[i] = x;
    }
}

static int ascending(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void result(dyno_bench *b, const uint32_t *sorted)
{
    dyno_hash h = dyno_hash_begin();
    dyno_hash_u64(&h, COUNT / EVERY);
    for (size_t i = 0; i < COUNT; i += EVERY)
        dyno_hash_u64(&h, sorted[i]);
    dyno_result_hash(b, &h);
}

static void run(dyno_bench *b)
{
    uint32_t *numbers = malloc(COUNT * sizeof *numbers);
    uint32_t *copy = malloc(COUNT * sizeof *copy);
    if (!numbers || !copy) {
        dyno_fail(b, "no memory for the numbers");
        return;
    }
    fill(numbers);

    while (dyno_next(b)) {
        for (uint64_t i = 0; i < b->iterations; i++) {
            memcpy(copy, numbers, COUNT * sizeof *copy);
            dyno_start(b);
            qsort(copy, COUNT, sizeof *copy, ascending);
            dyno_stop(b);
        }
        result(b, copy);
    }
    free(copy);
    free(numbers);
}

DYNO_CASE("sort/100000", run,
          .description = "Sorts 100,000 random 32-bit numbers",
          .group = "sort",
          .params = {{"elements", "100000"}},
          .elements = COUNT,
          .expected = DYNO_EXPECT(0xbe58700560cc2f87));
