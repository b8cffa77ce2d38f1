// The types that dyno_checksum.hpp knows, each against the checksum of its bytes as the Rust SDK's
// checksum.rs states them. `dyno check` fails where one differs.

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "dyno.hpp"

namespace {

enum class Colour : std::int8_t { red = -1 };

struct Node {
    std::uint32_t id;
    std::vector<Node> children;
};

void dyno_feed(dyno::Hash &hash, const Node &node)
{
    hash.feed(node.id, node.children);
}

template <class Result> void result(dyno::Suite &suite, const char *name, Result result, std::uint64_t checksum)
{
    suite.add(std::string("cpp/") + name).group("cpp").expected(checksum).run([result](dyno::Bench &b) {
        b.iter([&] { return result; });
    });
}

} // namespace

DYNO_SUITE(suite)
{
    using namespace std::literals;
    result(suite, "u64", std::uint64_t{6765}, 6765);
    result(suite, "i8", std::int8_t{-1}, UINT64_MAX);
    result(suite, "bool", true, 1);
    result(suite, "enum", Colour::red, UINT64_MAX);
    result(suite, "float", 1.5f, 0x3ff8000000000000);
    result(suite, "nan", -NAN, 0x7ff8000000000000);
    result(suite, "i128", static_cast<__int128>(-1), 0xd6607508f5a1e855);
    result(suite, "u128", static_cast<unsigned __int128>(2), 0x261c4b49872994e7);
    result(suite, "string", "ab"s, 0x9c6001d328a94690);
    result(suite, "string_view", "ab"sv, 0x9c6001d328a94690);
    result(suite, "literal", "ab", 0x9c6001d328a94690);
    result(suite, "string/empty", ""s, 0xa8c7f832281a39c5);
    result(suite, "bytes", std::vector<std::uint8_t>{0, 255}, 0x9b1c7ed32795db2e);
    result(suite, "bytes/std", std::array{std::byte{0}, std::byte{255}}, 0x9b1c7ed32795db2e);
    result(suite, "vector", std::vector{-1}, 0xc4777a6e69ba809c);
    result(suite, "vector/float", std::vector{1.5f}, 0x3906b0f14dd2ed31);
    result(suite, "vector/bool", std::vector{true, false}, 0x80237c8667fadf86);
    result(suite, "vector/nested", std::vector<std::vector<int>>{{1}, {}}, 0x3f89e2d1e922a487);
    result(suite, "vector/strings", std::vector{"ab"s, ""s}, 0x247d0eceb10f732a);
    result(suite, "array", std::array{-1}, 0xc4777a6e69ba809c);
    result(suite, "map", std::map<int, std::string>{{1, "a"}}, 0x77035d6d63734a5f);
    result(suite, "tuple", std::tuple{5, "ab"s, 1.5}, 0x5eae322147e13ca4);
    result(suite, "optional/none", std::optional<int>(), 0xa8c7f832281a39c5);
    result(suite, "optional/some", std::optional(5), 0xdc31b4d62d1c6dc1);
    result(suite, "own", Node{7, {{8, {}}}}, 0x9b104f40babae08b);

    suite.add("cpp/nothing").group("cpp").expected(0xcbf29ce484222325).run([](dyno::Bench &b) {
        b.iter([] {});
    });
    suite.add("cpp/checked").group("cpp").param("a", 1).param("b", "2").expected(2).run([](dyno::Bench &b) {
        b.iter_batched([] { return std::vector{1, 2}; }, [](std::vector<int> numbers) { return numbers; }, 4,
                       [](const std::vector<int> &numbers) { return numbers.size(); });
    });
}
