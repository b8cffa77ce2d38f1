// Benchmark plugins for Dyno in C++17 and later, as short as with Google Benchmark.
//
//     #include "dyno.hpp"
//
//     DYNO_SUITE(suite)
//     {
//         suite.bench("fib/20", [](dyno::Bench &b) {
//             b.iter([] { return fib(dyno::black_box(20)); });
//         });
//
//         for (int words : {100, 10'000})
//             suite.add("split/" + std::to_string(words))
//                 .group("split")
//                 .param("words", words)
//                 .elements(words)
//                 .run([words](dyno::Bench &b) {
//                     std::string text = repeated("word ", words); // not timed
//                     b.iter([&] { return split(text); });
//                 });
//     }
//
// A suite is registered on every call from the host, so keep the work in the cases' functions.

#ifndef DYNO_HPP
#define DYNO_HPP

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "dyno.h"
#include "dyno_checksum.hpp"

// Registers the cases of this file: `DYNO_SUITE(suite) { suite.bench(…); }`.
#define DYNO_SUITE(suite)                                                                          \
    static void DYNO_JOIN_(dyno_suite_, __LINE__)(dyno::Suite &);                                  \
    [[maybe_unused]] static const bool DYNO_JOIN_(dyno_registered_, __LINE__) =                    \
        dyno::Suite::fill(DYNO_JOIN_(dyno_suite_, __LINE__));                                      \
    static void DYNO_JOIN_(dyno_suite_, __LINE__)([[maybe_unused]] dyno::Suite &suite)

namespace dyno {

// The value itself, of which the compiler knows nothing: it can neither compute with it in advance
// nor leave out what led to it.
template <class Value> Value black_box(Value value)
{
    if constexpr (std::is_scalar_v<Value>)
        return dyno_black_box(value);
    else
        __asm__ volatile("" : "+m"(value) : : "memory");
    return value;
}

// What the host shall check of a result, unless told otherwise: all of it.
struct Whole {
    template <class Result> const Result &operator()(const Result &result) const { return result; }
};

// Runs the batches of one case. Its function prepares the input, which is not timed, and ends with
// `iter` or `iter_batched`.
class Bench {
public:
    explicit Bench(dyno_bench &b) : b_(b) {}

    // Times `routine`, which is called as often as the host wants. The result of the last call
    // becomes the checksum, outside the timed part; dropping each result is timed. The routine with
    // all that it captures, and every result, are black boxes; constants *within* the routine are
    // not: write `fib(dyno::black_box(20))`.
    //
    // `checked` takes from a result what the host shall check of it, such as a sum or a sample.
    template <class Routine, class Checked = Whole>
    void iter(Routine &&routine, Checked &&checked = Checked())
    {
        while (dyno_next(&b_)) {
            shown(routine);
            std::uint64_t left = b_.iterations;
            dyno_start(&b_);
            if constexpr (std::is_void_v<decltype(routine())>) {
                for (; left > 0; left--) {
                    routine();
                    __asm__ volatile("" : : : "memory");
                }
            } else {
                for (; left > 0; left--) {
                    auto result = routine();
                    shown(result);
                    if (left == 1) {
                        dyno_stop(&b_);
                        b_.checksum = checksum(checked(result));
                        // For the drop of this last one: n iterations contain n drops.
                        dyno_start(&b_);
                    }
                }
            }
            dyno_stop(&b_);
        }
    }

    // Times `routine` on an input that it consumes or changes; `setup` makes a fresh one for each
    // iteration, outside the timed part. The inputs are made `at_a_time` together and then timed
    // as a whole: 256 for inputs up to some ten KiB, 16 up to a few MiB, 1 for the largest ones or
    // where the cache must be hot; an iteration bears that part of a start and stop. Results are
    // dropped outside the timed part.
    template <class Setup, class Routine, class Checked = Whole>
    void iter_batched(Setup &&setup, Routine &&routine, std::uint64_t at_a_time = 256,
                      Checked &&checked = Checked())
    {
        using Input = decltype(setup());
        using Output = decltype(routine(std::declval<Input>()));
        static_assert(!std::is_void_v<Output>, "return the result, so that the host can check it");
        std::vector<Input> inputs;
        std::vector<Output> outputs;
        while (dyno_next(&b_)) {
            for (std::uint64_t left = b_.iterations; left > 0;) {
                std::uint64_t group = at_a_time < 1 ? 1 : at_a_time < left ? at_a_time : left;
                inputs.clear();
                outputs.clear();
                outputs.reserve(group);
                for (std::uint64_t i = 0; i < group; i++)
                    inputs.push_back(setup());
                shown(routine);
                shown(inputs);
                dyno_start(&b_);
                for (Input &input : inputs) {
                    outputs.push_back(routine(std::move(input)));
                    shown(outputs.back());
                }
                dyno_stop(&b_);
                left -= group;
            }
            b_.checksum = checksum(checked(outputs.back()));
        }
    }

    // Fails the case with this message: from the preparation, which then returns, or from a routine.
    void fail(const std::string &message) { dyno_fail(&b_, message.c_str()); }

    // For loops of your own: see dyno.h.
    dyno_bench *c() { return &b_; }

private:
    // `black_box` for what stays where it is.
    template <class Value> static void shown(Value &value)
    {
        __asm__ volatile("" : : "r"(&value) : "memory");
    }

    dyno_bench &b_;
};

// A case that is being described; `run` registers it. The limits on its texts are in the contract
// (bindings/plugin.h); the host checks them.
class Case {
public:
    explicit Case(std::string name) : name_(std::move(name)) {}

    // One sentence for people.
    Case &description(std::string text) { return description_ = std::move(text), *this; }

    // Cases that belong together, to be shown and compared side by side.
    Case &group(std::string name) { return group_ = std::move(name), *this; }

    // A parameter, such as "nodes", 1000. May be repeated, up to 8 times.
    Case &param(std::string name, std::string value)
    {
        if (params_.size() < DYNO_PARAMS)
            params_.emplace_back(std::move(name), std::move(value));
        else
            dyno_refuse((name_ + " has more parameters than " + std::to_string(DYNO_PARAMS)).c_str());
        return *this;
    }

    template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
    Case &param(std::string name, Number value)
    {
        return param(std::move(name), std::to_string(value));
    }

    // One iteration processes so many bytes, or so many elements (items, nodes, requests).
    Case &bytes(std::uint64_t bytes) { return raw_.bytes = bytes, *this; }
    Case &elements(std::uint64_t elements) { return raw_.elements = elements, *this; }

    // The checksum that the result must have; a different one fails the case.
    Case &expected(std::uint64_t checksum) { return raw_.expected = {true, checksum}, *this; }

    // Registers the case. The function is called only when the host runs this case, once.
    void run(std::function<void(Bench &)> function)
    {
        run_ = std::move(function);
        raw_.name = name_.c_str();
        raw_.description = description_.c_str();
        raw_.group = group_.empty() ? nullptr : group_.c_str();
        for (std::size_t i = 0; i < params_.size(); i++)
            raw_.params[i] = {params_[i].first.c_str(), params_[i].second.c_str()};
        raw_.arg = reinterpret_cast<std::uintptr_t>(this);
        raw_.run = [](dyno_bench *b) {
            Bench bench(*b);
            reinterpret_cast<Case *>(static_cast<std::uintptr_t>(b->arg))->run_(bench);
        };
        dyno_add(&raw_);
    }

private:
    std::string name_;
    std::string description_;
    std::string group_;
    std::vector<std::pair<std::string, std::string>> params_;
    std::function<void(Bench &)> run_;
    dyno_case raw_ = {};
};

// The cases of a plugin.
class Suite {
public:
    // Registers a case that needs no more than a name.
    void bench(std::string name, std::function<void(Bench &)> function)
    {
        add(std::move(name)).run(std::move(function));
    }

    // Begins a case; `run` registers it. By custom its name is "group/operation/parameter".
    [[nodiscard]] Case &add(std::string name)
    {
        // Never freed: a case lives as long as the plugin.
        return *new Case(std::move(name));
    }

    // What DYNO_SUITE calls before the host does.
    static bool fill(void (*suite)(Suite &))
    {
        Suite s;
        suite(s);
        return true;
    }
};

} // namespace dyno

#endif
