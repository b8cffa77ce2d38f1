// Text built with std::string and std::to_string.

#include <string>

#include "dyno.hpp"

DYNO_SUITE(suite)
{
    suite.add("strings/10000")
        .description("Builds the text of 10,000 numbers")
        .group("strings")
        .param("numbers", 10'000)
        .bytes(48'890)
        .expected(0x60a9e111ada8413f)
        .run([](dyno::Bench &b) {
            const int numbers = 10'000;
            b.iter([&] {
                std::string text;
                for (int i = 0; i < numbers; i++) {
                    text += std::to_string(i);
                    text += ',';
                }
                return text;
            });
        });
}
