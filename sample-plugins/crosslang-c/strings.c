// Text built with snprintf into a buffer that grows.

#include <stdio.h>
#include <stdlib.h>

#include "dyno.h"

#define NUMBERS 10000
#define TEXT_BYTES 48890

// The longest number, its comma and the final zero.
#define LONGEST 16

// The text "0,1,2,…", to be freed; null where there is no memory for it.
static char *build(int numbers)
{
    size_t length = 0, capacity = LONGEST;
    char *text = malloc(capacity);
    for (int i = 0; text && i < numbers; i++) {
        if (capacity - length < LONGEST) {
            capacity *= 2;
            char *larger = realloc(text, capacity);
            if (!larger)
                free(text);
            text = larger;
        }
        if (text)
            length += (size_t)snprintf(text + length, LONGEST, "%d,", i);
    }
    return text;
}

static void run(dyno_bench *b)
{
    char *text = NULL;
    while (dyno_next(b)) {
        DYNO_ITER(b) {
            free(text);
            text = dyno_black_box(build(dyno_black_box(NUMBERS)));
        }
        if (text)
            dyno_result_text(b, text);
        else
            dyno_fail(b, "no memory for the text");
    }
    free(text);
}

DYNO_CASE("strings/10000", run,
          .description = "Builds the text of 10,000 numbers",
          .group = "strings",
          .params = {{"numbers", "10000"}},
          .bytes = TEXT_BYTES,
          .expected = DYNO_EXPECT(0x60a9e111ada8413f));
