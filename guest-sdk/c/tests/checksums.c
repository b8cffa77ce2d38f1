// The results that dyno.h can state, each against the checksum of its bytes as the Rust SDK's
// checksum.rs states them. `dyno check` fails where one differs.

#include <math.h>

#include "dyno.h"

#define RESULT(function, name, statement, checksum)                                                \
    static void function(dyno_bench *b)                                                            \
    {                                                                                              \
        while (dyno_next(b)) {                                                                     \
            DYNO_ITER(b) {                                                                         \
                dyno_black_box(0);                                                                 \
            }                                                                                      \
            statement;                                                                             \
        }                                                                                          \
    }                                                                                              \
    DYNO_CASE("c/" name, function, .group = "c", .expected = DYNO_EXPECT(checksum))

RESULT(nothing, "nothing", (void)0, 0xcbf29ce484222325);
RESULT(u64, "u64", dyno_result_u64(b, 6765), 6765);
RESULT(i64, "i64", dyno_result_i64(b, -1), UINT64_MAX);
RESULT(f64, "f64", dyno_result_f64(b, 1.5), 0x3ff8000000000000);
RESULT(nan_, "nan", dyno_result_f64(b, -NAN), 0x7ff8000000000000);
RESULT(text, "text", dyno_result_text(b, "ab"), 0x9c6001d328a94690);
RESULT(empty, "text/empty", dyno_result_text(b, ""), 0xa8c7f832281a39c5);
RESULT(bytes, "bytes", dyno_result_bytes(b, "\x00\xff", 2), 0x9b1c7ed32795db2e);

static void record_of_three(dyno_bench *b)
{
    dyno_hash h = dyno_hash_begin();
    dyno_hash_u64(&h, 5);
    dyno_hash_text(&h, "ab");
    dyno_hash_f64(&h, 1.5);
    dyno_result_hash(b, &h);
}
RESULT(record, "record", record_of_three(b), 0x5eae322147e13ca4);

static void sequence_of_one(dyno_bench *b)
{
    dyno_hash h = dyno_hash_begin();
    dyno_hash_u64(&h, 1);
    dyno_hash_i64(&h, -1);
    dyno_result_hash(b, &h);
}
RESULT(sequence, "sequence", sequence_of_one(b), 0xc4777a6e69ba809c);

static void last(dyno_bench *b)
{
    while (dyno_next(b)) {
        DYNO_ITER(b) {
            dyno_black_box(0);
        }
        dyno_result_u64(b, b->arg);
    }
}
DYNO_CASE("c/all", last,
          .description = "A case with all there is",
          .group = "c",
          .params = {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}, {"f", "6"}, {"g", "7"}, {"h", "8"}},
          .elements = 1,
          .expected = DYNO_EXPECT(42),
          .arg = 42);
