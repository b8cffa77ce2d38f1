// Two benchmarks to begin with: one that only reads its input, and one that changes it.

#include <stdlib.h>
#include <string.h>

#include "dyno.h"

// ---- Counting the words of a text, short and long ----

static uint64_t count_words(const char *text)
{
    uint64_t words = 0;
    for (; *text; text++)
        words += *text == ' ';
    return words;
}

static void words(dyno_bench *b)
{
    // Everything before the first batch is preparation, which is not timed.
    size_t count = (size_t)b->arg, length = strlen("word ");
    char *text = malloc(count * length + 1);
    if (!text) {
        dyno_fail(b, "no memory for the text");
        return;
    }
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * length, "word ", length);
    text[count * length] = '\0';

    uint64_t result = 0;
    while (dyno_next(b)) {
        DYNO_ITER(b) {
            result = dyno_black_box(count_words(dyno_black_box(text)));
        }
        dyno_result_u64(b, result);
    }
    free(text);
}

DYNO_CASE("words/100", words,
          .description = "Counts the words of a text",
          .group = "words",
          .params = {{"words", "100"}},
          .bytes = 500,
          .expected = DYNO_EXPECT(100),
          .arg = 100);

DYNO_CASE("words/10000", words,
          .description = "Counts the words of a text",
          .group = "words",
          .params = {{"words", "10000"}},
          .bytes = 50000,
          .expected = DYNO_EXPECT(10000),
          .arg = 10000);

// ---- Sorting numbers, a fresh copy of them in each iteration ----

#define NUMBERS 1000

static int ascending(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void sort(dyno_bench *b)
{
    static uint32_t numbers[NUMBERS], copy[NUMBERS];
    for (uint32_t i = 0; i < NUMBERS; i++)
        numbers[i] = i * 7919 % NUMBERS;

    while (dyno_next(b)) {
        for (uint64_t i = 0; i < b->iterations; i++) {
            memcpy(copy, numbers, sizeof copy); // not timed
            dyno_start(b);
            qsort(copy, NUMBERS, sizeof *copy, ascending);
            dyno_stop(b);
        }
        // The host checks the result of the last iteration: a sequence of numbers.
        dyno_hash h = dyno_hash_begin();
        dyno_hash_u64(&h, NUMBERS);
        for (size_t i = 0; i < NUMBERS; i++)
            dyno_hash_u64(&h, copy[i]);
        dyno_result_hash(b, &h);
    }
}

DYNO_CASE("sort/1000", sort, .description = "Sorts numbers with qsort", .group = "sort", .elements = NUMBERS);
