// Turns the result of an iteration into its checksum, for the types of the standard library. The
// encoding is that of every Dyno SDK: a number is its own checksum, anything else is hashed.
//
//     number, bool, enumeration     one word (8 bytes, little-endian); a float as a double
//     128-bit integer               two words, the low one first
//     text, sequence of bytes       the length, then the bytes
//     any other sequence            the number of elements, then each of them
//     pair, tuple                   each field
//     optional                      0 for none; 1, then the value
//
// For a type of your own, define this in its namespace:
//
//     void dyno_feed(dyno::Hash &hash, const Node &node) { hash.feed(node.id, node.children); }

#ifndef DYNO_CHECKSUM_HPP
#define DYNO_CHECKSUM_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "dyno.h"

namespace dyno {

// FNV-1a with 64 bits over the encoding.
class Hash {
public:
    // Adds values, one after the other.
    template <class... Values> void feed(const Values &...values) { (add(values), ...); }

    std::uint64_t finish() const { return hash_.state; }

private:
    template <class Value> void add(const Value &value);

    dyno_hash hash_ = dyno_hash_begin();
};

namespace detail {

template <class Value>
inline constexpr bool is_number =
    (std::is_arithmetic_v<Value> || std::is_enum_v<Value>) && sizeof(Value) <= 8;

template <class Value>
inline constexpr bool is_wide =
    std::is_same_v<Value, __int128> || std::is_same_v<Value, unsigned __int128>;

template <class Value, class = void> inline constexpr bool is_range = false;
template <class Value>
inline constexpr bool
    is_range<Value, std::void_t<decltype(std::begin(std::declval<const Value &>())),
                                decltype(std::size(std::declval<const Value &>()))>> = true;

template <class Value, class = void> inline constexpr bool is_bytes = false;
template <class Value>
inline constexpr bool is_bytes<Value, std::void_t<decltype(*std::data(std::declval<const Value &>()))>> =
    is_number<std::decay_t<decltype(*std::data(std::declval<const Value &>()))>> &&
    sizeof(*std::data(std::declval<const Value &>())) == 1;

template <class Value> inline constexpr bool is_optional = false;
template <class Value> inline constexpr bool is_optional<std::optional<Value>> = true;

template <class Value, class = void> inline constexpr bool is_tuple = false;
template <class Value>
inline constexpr bool is_tuple<Value, std::void_t<decltype(std::tuple_size<Value>::value)>> = true;

template <class Value, class = void> inline constexpr bool has_feed = false;
template <class Value>
inline constexpr bool has_feed<
    Value, std::void_t<decltype(dyno_feed(std::declval<Hash &>(), std::declval<const Value &>()))>> = true;

template <class Value> inline constexpr bool unknown = false;

template <class Value> std::uint64_t word(const Value &value)
{
    if constexpr (std::is_floating_point_v<Value>)
        return dyno_f64_bits(value);
    else
        return static_cast<std::uint64_t>(value);
}

} // namespace detail

template <class Value> void Hash::add(const Value &value)
{
    using namespace detail;
    if constexpr (has_feed<Value>) {
        dyno_feed(*this, value);
    } else if constexpr (is_number<Value>) {
        dyno_hash_u64(&hash_, word(value));
    } else if constexpr (is_wide<Value>) {
        dyno_hash_u64(&hash_, static_cast<std::uint64_t>(value));
        dyno_hash_u64(&hash_, static_cast<std::uint64_t>(value >> 64));
    } else if constexpr (std::is_convertible_v<const Value &, std::string_view>) {
        std::string_view text = value;
        dyno_hash_bytes(&hash_, text.data(), text.size());
    } else if constexpr (is_bytes<Value>) {
        dyno_hash_bytes(&hash_, std::data(value), std::size(value));
    } else if constexpr (is_range<Value>) {
        dyno_hash_u64(&hash_, std::size(value));
        for (const auto &element : value)
            add(element);
    } else if constexpr (is_optional<Value>) {
        dyno_hash_u64(&hash_, value.has_value());
        if (value)
            add(*value);
    } else if constexpr (is_tuple<Value>) {
        std::apply([this](const auto &...fields) { (this->add(fields), ...); }, value);
    } else {
        static_assert(unknown<Value>, "the host cannot check a result of this type: define "
                                      "dyno_feed(dyno::Hash &, const T &) for it, or return what "
                                      "identifies the result");
    }
}

// The checksum of a result as a whole.
template <class Value> std::uint64_t checksum(const Value &value)
{
    if constexpr (detail::is_number<Value> && !detail::has_feed<Value>) {
        return detail::word(value);
    } else {
        Hash hash;
        hash.feed(value);
        return hash.finish();
    }
}

} // namespace dyno

#endif
