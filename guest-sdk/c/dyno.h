// Benchmark plugins for Dyno in C, from C99 on. C++ has dyno.hpp, which is made of this.
//
//     #include "dyno.h"
//
//     static void fib_20(dyno_bench *b)
//     {
//         uint64_t result = 0;
//         while (dyno_next(b)) {
//             DYNO_ITER(b) {
//                 result = dyno_black_box(fib(dyno_black_box(20)));
//             }
//             dyno_result_u64(b, result);
//         }
//     }
//
//     DYNO_CASE("fib/20", fib_20, .expected = DYNO_EXPECT(6765));
//
// What a case does before its first `dyno_next` and after its last one, and what lies outside of
// `DYNO_ITER`, is not timed.

#ifndef DYNO_H
#define DYNO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Cases ---------------------------------------------------------------------------------

// How many parameters a case may have.
#define DYNO_PARAMS 8

typedef struct dyno_bench dyno_bench;

// A name and a value that tell one case of a group from another, such as "nodes", "1000".
typedef struct dyno_param {
    const char *name;
    const char *value;
} dyno_param;

// A checksum, or none; write it as DYNO_EXPECT.
typedef struct dyno_expected {
    bool stated;
    uint64_t checksum;
} dyno_expected;

// One benchmark. Only `name` and `run` are needed. The texts are UTF-8; the limits on them are in
// the contract (bindings/plugin.h), and the host checks them.
typedef struct dyno_case {
    // Unique in the plugin; by custom "group/operation/parameter".
    const char *name;
    // Prepares the input, does its batches and releases. Called once in a fresh instance.
    void (*run)(dyno_bench *b);
    // One sentence for people.
    const char *description;
    // Cases that belong together, to be shown and compared side by side.
    const char *group;
    // In the order in which they are shown.
    dyno_param params[DYNO_PARAMS];
    // One iteration processes so many bytes, or so many elements (items, nodes, requests). At most
    // one of the two.
    uint64_t bytes;
    uint64_t elements;
    // The checksum that the result must have, as DYNO_EXPECT(6765). A different one fails the case.
    dyno_expected expected;
    // Handed to `run` as `b->arg`, so that one function can serve several cases: a size, or an
    // index into a table of yours.
    uint64_t arg;
    // Set by dyno_add.
    struct dyno_case *next;
} dyno_case;

#ifndef __cplusplus

// DYNO_CASE(name, run, ...) registers a case, at file level. Cases are listed in this order.
//
//     DYNO_CASE("split/100", split, .group = "split", .params = {{"words", "100"}}, .arg = 100);
#define DYNO_CASE(name, ...)                                                                       \
    DYNO_CASE_AS_(DYNO_JOIN_(dyno_case_, __COUNTER__), name, __VA_ARGS__)

// For `.expected`.
#define DYNO_EXPECT(checksum) {true, (checksum)}

#endif

// Registers a case that is made at run time, from a function with `__attribute__((constructor))`.
// The case and its texts must live as long as the plugin.
void dyno_add(dyno_case *added);

// Refuses the plugin with this message, which is copied: for what goes wrong in such a function.
void dyno_refuse(const char *message);

// ---- Batches -------------------------------------------------------------------------------

// The batches of the case that is running.
struct dyno_bench {
    // How many iterations the host wants of this batch, at least 1.
    uint64_t iterations;
    // The case's `.arg`.
    uint64_t arg;
    // The rest is for dyno.c.
    uint64_t checksum;
    char *failure;
};

// Ends the batch just done and begins the next one. False where there is none: release and return.
bool dyno_next(dyno_bench *b);

// The loop of a batch: does the block that follows it `b->iterations` times, timed. Leave it by
// `continue`, not by `break` or `return`, which would leave the clock running.
#define DYNO_ITER(b)                                                                               \
    for (uint64_t dyno_left_ = (dyno_start(b), (b)->iterations);                                   \
         dyno_left_ != 0 || (dyno_stop(b), false); dyno_left_--)

// The timed part begins and ends: for loops of your own. They may repeat within a batch, with set-up
// between them that is not timed:
//
//     for (uint64_t i = 0; i < b->iterations; i++) {
//         memcpy(copy, numbers, sizeof numbers);
//         dyno_start(b);
//         qsort(copy, COUNT, sizeof *copy, ascending);
//         dyno_stop(b);
//     }
//
// A pair takes some tens of nanoseconds. Where an iteration takes less than a microsecond, prepare
// several inputs and then time them together.
void dyno_start(dyno_bench *b);
void dyno_stop(dyno_bench *b);

// Fails the case with this message, which is copied. Return soon after: there is no next batch.
void dyno_fail(dyno_bench *b, const char *message);

// The value itself, of which the compiler knows nothing: it can neither compute with it in advance
// nor leave out what led to it. For a pointer that holds for all that it points to, too. Takes a
// number, a pointer or an array.
#ifdef __cplusplus
extern "C++" {
template <class Value> inline Value dyno_black_box(Value value)
{
    __asm__ volatile("" : "+r"(value) : : "memory");
    return value;
}
}
#else
#define dyno_black_box(value) DYNO_BLACK_BOX_AS_(DYNO_JOIN_(dyno_value_, __COUNTER__), value)
#endif

// ---- Results -------------------------------------------------------------------------------

// Each states the result of the batch's iterations, after them and outside the timed part. By its
// checksum the host verifies the work. The encoding is that of every Dyno SDK: a single number is
// its own checksum, anything else is hashed. A case that states none has the result of nothing.

void dyno_result_u64(dyno_bench *b, uint64_t result);
void dyno_result_i64(dyno_bench *b, int64_t result);
void dyno_result_f64(dyno_bench *b, double result);
void dyno_result_text(dyno_bench *b, const char *text);
void dyno_result_bytes(dyno_bench *b, const void *bytes, size_t length);

// Any other result is fed to a hash. A sequence is its length and then each element, a structure
// its fields, in the order in which they are declared:
//
//     dyno_hash h = dyno_hash_begin();
//     dyno_hash_u64(&h, count);
//     for (size_t i = 0; i < count; i++)
//         dyno_hash_u64(&h, numbers[i]);
//     dyno_result_hash(b, &h);
//
// An optional value is the number 0 for none, or the number 1 and then the value.
typedef struct dyno_hash {
    uint64_t state;
} dyno_hash;

dyno_hash dyno_hash_begin(void);
void dyno_hash_u64(dyno_hash *h, uint64_t value);
void dyno_hash_i64(dyno_hash *h, int64_t value);
void dyno_hash_f64(dyno_hash *h, double value);
void dyno_hash_text(dyno_hash *h, const char *text);
void dyno_hash_bytes(dyno_hash *h, const void *bytes, size_t length);
void dyno_result_hash(dyno_bench *b, const dyno_hash *h);

// The word of a double: its bits, every NaN alike.
uint64_t dyno_f64_bits(double value);

// ---- What the macros are made of -----------------------------------------------------------

#define DYNO_JOIN_(left, right) DYNO_JOINED_(left, right)
#define DYNO_JOINED_(left, right) left##right

#define DYNO_CASE_AS_(id, case_name, ...)                                                          \
    static dyno_case id = {.name = (case_name), .run = __VA_ARGS__};                               \
    __attribute__((constructor)) static void DYNO_JOIN_(id, _register)(void)                       \
    {                                                                                              \
        dyno_add(&id);                                                                             \
    }                                                                                              \
    struct dyno_case /* takes the semicolon */

#define DYNO_BLACK_BOX_AS_(id, value)                                                              \
    __extension__({                                                                                \
        __auto_type id = (value);                                                                  \
        __asm__ volatile("" : "+r"(id) : : "memory");                                              \
        id;                                                                                        \
    })

#ifdef __cplusplus
}
#endif

#endif
