// Two benchmarks to begin with: one that only reads its input, and one that changes it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dyno.hpp"

static std::size_t count_words(const std::string &text)
{
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), ' '));
}

DYNO_SUITE(suite)
{
    for (int words : {100, 10'000}) {
        suite.add("words/" + std::to_string(words))
            .description("Counts the words of a text")
            .group("words")
            .param("words", words)
            .bytes(words * 5)
            .expected(words)
            .run([words](dyno::Bench &b) {
                // Everything before `iter` is preparation, which is not timed.
                std::string text;
                for (int i = 0; i < words; i++)
                    text += "word ";
                b.iter([&] { return count_words(text); });
            });
    }

    suite.add("sort/1000")
        .description("Sorts numbers with std::sort")
        .group("sort")
        .elements(1000)
        .run([](dyno::Bench &b) {
            std::vector<std::uint32_t> numbers(1000);
            for (std::uint32_t i = 0; i < 1000; i++)
                numbers[i] = i * 7919 % 1000;
            // Sorting changes its input, so each iteration gets a copy, made outside the timed part.
            b.iter_batched([&] { return numbers; },
                           [](std::vector<std::uint32_t> copy) {
                               std::sort(copy.begin(), copy.end());
                               return copy;
                           });
        });
}
