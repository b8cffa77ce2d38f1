// The standard library's std::sort.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dyno.hpp"

namespace {

constexpr std::size_t count = 100'000;
constexpr std::uint32_t seed = 2463534242;

// Which of the sorted numbers the result holds.
constexpr std::size_t every = 1000;

std::vector<std::uint32_t> sample(const std::vector<std::uint32_t> &sorted)
{
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = 0; i < sorted.size(); i += every)
        numbers.push_back(sorted[i]);
    return numbers;
}

// Marsaglia's xorshift32.
std::vector<std::uint32_t> random_numbers()
{
    std::vector<std::uint32_t> numbers(count);
    std::generate(numbers.begin(), numbers.end(), [x = seed]() mutable {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        return x;
    });
    return numbers;
}

} // namespace

DYNO_SUITE(suite)
{
    suite.add("sort/100000")
        .description("Sorts 100,000 random 32-bit numbers")
        .group("sort")
        .param("elements", count)
        .elements(count)
        .expected(0xbe58700560cc2f87)
        .run([](dyno::Bench &b) {
            const auto numbers = random_numbers();
            b.iter_batched([&] { return numbers; },
                           [](std::vector<std::uint32_t> copy) {
                               std::sort(copy.begin(), copy.end());
                               return copy;
                           },
                           1, sample);
        });
}
