// The plugin around the cases: lists them, runs one by its name, and turns results into checksums.
// See dyno.h.

#include "dyno.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/plugin.h"

// FNV-1a with 64 bits.
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

// Every NaN counts as this one.
#define NAN_BITS UINT64_C(0x7ff8000000000000)

static dyno_case *first;
static dyno_case **end = &first;

// Why the plugin is refused.
static char *refusal;

// The generated bindings ask to be linked with an object file that holds the contract, for tools
// that find it there. Dyno knows the contract.
void __component_type_object_force_link_plugin(void)
{
}

// Zeroed memory. The host tells of the limit that was hit where there is none, so a trap is enough.
static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory && count != 0)
        abort();
    return memory;
}

// A text of two parts, to be freed.
static char *joined(const char *left, const char *right)
{
    char *text = allocate(strlen(left) + strlen(right) + 1, 1);
    return strcat(strcpy(text, left), right);
}

// ---- Registration --------------------------------------------------------------------------

void dyno_add(dyno_case *added)
{
    *end = added;
    end = &added->next;
}

void dyno_refuse(const char *message)
{
    // The first reason is the one that the others follow from.
    if (!refusal)
        refusal = joined(message, "");
}

// ---- suite.cases ---------------------------------------------------------------------------

static exports_dyno_bench_suite_list_param_t listed_params(const dyno_param *params)
{
    exports_dyno_bench_suite_list_param_t listed = {NULL, 0};
    while (listed.len < DYNO_PARAMS && params[listed.len].name)
        listed.len++;
    listed.ptr = allocate(listed.len, sizeof *listed.ptr);
    for (size_t i = 0; i < listed.len; i++) {
        plugin_string_dup(&listed.ptr[i].name, params[i].name);
        plugin_string_dup(&listed.ptr[i].value, params[i].value ? params[i].value : "");
    }
    return listed;
}

static exports_dyno_bench_suite_option_throughput_t listed_throughput(const dyno_case *c)
{
    exports_dyno_bench_suite_option_throughput_t listed = {0};
    listed.is_some = c->bytes || c->elements;
    if (c->bytes) {
        listed.val.tag = EXPORTS_DYNO_BENCH_SUITE_THROUGHPUT_BYTES;
        listed.val.val.bytes = c->bytes;
    } else {
        listed.val.tag = EXPORTS_DYNO_BENCH_SUITE_THROUGHPUT_ELEMENTS;
        listed.val.val.elements = c->elements;
    }
    return listed;
}

static exports_dyno_bench_suite_bench_case_t listed_case(const dyno_case *c)
{
    exports_dyno_bench_suite_bench_case_t listed = {0};
    plugin_string_dup(&listed.name, c->name);
    plugin_string_dup(&listed.description, c->description ? c->description : "");
    listed.group.is_some = c->group;
    if (c->group)
        plugin_string_dup(&listed.group.val, c->group);
    listed.params = listed_params(c->params);
    listed.throughput = listed_throughput(c);
    listed.expected.is_some = c->expected.stated;
    listed.expected.val = c->expected.checksum;
    return listed;
}

bool exports_dyno_bench_suite_cases(exports_dyno_bench_suite_list_bench_case_t *ret,
                                    plugin_string_t *err)
{
    size_t count = 0;
    for (const dyno_case *c = first; c; c = c->next, count++) {
        if (c->bytes && c->elements) {
            char *message = joined(c->name, " states both bytes and elements, and can have one of them");
            dyno_refuse(message);
            free(message);
        }
    }
    if (refusal) {
        plugin_string_dup(err, refusal);
        return false;
    }
    ret->len = 0;
    ret->ptr = allocate(count, sizeof *ret->ptr);
    for (const dyno_case *c = first; c; c = c->next)
        ret->ptr[ret->len++] = listed_case(c);
    return true;
}

// ---- suite.run -----------------------------------------------------------------------------

static const dyno_case *find(const plugin_string_t *name)
{
    for (const dyno_case *c = first; c; c = c->next)
        if (strlen(c->name) == name->len && memcmp(c->name, name->ptr, name->len) == 0)
            return c;
    return NULL;
}

bool exports_dyno_bench_suite_run(plugin_string_t *name, plugin_string_t *err)
{
    const dyno_case *found = find(name);
    plugin_string_free(name);
    if (!found) {
        plugin_string_dup(err, "there is no such case");
        return false;
    }
    dyno_bench bench = {0};
    bench.arg = found->arg;
    found->run(&bench);
    if (bench.failure) {
        plugin_string_dup(err, bench.failure);
        free(bench.failure);
        return false;
    }
    return true;
}

// ---- Batches -------------------------------------------------------------------------------

bool dyno_next(dyno_bench *b)
{
    if (b->failure)
        return false;
    bool more = dyno_bench_bench_next(b->checksum, &b->iterations);
    b->checksum = FNV_BASIS;
    return more;
}

void dyno_start(dyno_bench *b)
{
    (void)b;
    dyno_bench_bench_start();
}

void dyno_stop(dyno_bench *b)
{
    (void)b;
    dyno_bench_bench_stop();
}

void dyno_fail(dyno_bench *b, const char *message)
{
    // As in dyno_refuse.
    if (!b->failure)
        b->failure = joined(message, "");
}

// ---- Checksums -----------------------------------------------------------------------------

static void feed(dyno_hash *h, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        h->state = (h->state ^ bytes[i]) * FNV_PRIME;
}

uint64_t dyno_f64_bits(double value)
{
    if (value != value)
        return NAN_BITS;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

dyno_hash dyno_hash_begin(void)
{
    dyno_hash h = {FNV_BASIS};
    return h;
}

void dyno_hash_u64(dyno_hash *h, uint64_t value)
{
    // WebAssembly is little-endian, and so is a word of the encoding.
    feed(h, (const uint8_t *)&value, sizeof value);
}

void dyno_hash_i64(dyno_hash *h, int64_t value)
{
    dyno_hash_u64(h, (uint64_t)value);
}

void dyno_hash_f64(dyno_hash *h, double value)
{
    dyno_hash_u64(h, dyno_f64_bits(value));
}

void dyno_hash_bytes(dyno_hash *h, const void *bytes, size_t length)
{
    dyno_hash_u64(h, length);
    feed(h, bytes, length);
}

void dyno_hash_text(dyno_hash *h, const char *text)
{
    dyno_hash_bytes(h, text, strlen(text));
}

void dyno_result_u64(dyno_bench *b, uint64_t result)
{
    b->checksum = result;
}

void dyno_result_i64(dyno_bench *b, int64_t result)
{
    b->checksum = (uint64_t)result;
}

void dyno_result_f64(dyno_bench *b, double result)
{
    b->checksum = dyno_f64_bits(result);
}

void dyno_result_hash(dyno_bench *b, const dyno_hash *h)
{
    b->checksum = h->state;
}

void dyno_result_bytes(dyno_bench *b, const void *bytes, size_t length)
{
    dyno_hash h = dyno_hash_begin();
    dyno_hash_bytes(&h, bytes, length);
    dyno_result_hash(b, &h);
}

void dyno_result_text(dyno_bench *b, const char *text)
{
    dyno_result_bytes(b, text, strlen(text));
}
