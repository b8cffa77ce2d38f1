// SHA-256 (FIPS 180-4), of which the standard library has none.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dyno.hpp"

namespace {

using Digest = std::array<std::uint8_t, 32>;

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
constexpr std::array<std::uint32_t, 64> round_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

constexpr std::uint32_t rotr(std::uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

class Sha256 {
public:
    static Digest of(const std::vector<std::uint8_t> &bytes)
    {
        Sha256 hash;
        const std::size_t whole = bytes.size() / block_bytes * block_bytes;
        for (std::size_t i = 0; i < whole; i += block_bytes)
            hash.compress(bytes.data() + i);
        hash.finish(bytes.data() + whole, bytes.size() - whole, bytes.size());
        return hash.digest();
    }

private:
    static constexpr std::size_t block_bytes = 64;

    // The rest, a one, zeros, and the length in bits: in one block or two.
    void finish(const std::uint8_t *rest, std::size_t rest_length, std::uint64_t length)
    {
        std::array<std::uint8_t, 2 * block_bytes> last = {};
        std::copy_n(rest, rest_length, last.begin());
        last[rest_length] = 0x80;
        const std::size_t end = rest_length < block_bytes - 8 ? block_bytes : 2 * block_bytes;
        for (std::size_t i = 0; i < 8; i++)
            last[end - 1 - i] = static_cast<std::uint8_t>(length * 8 >> 8 * i);
        for (std::size_t i = 0; i < end; i += block_bytes)
            compress(last.data() + i);
    }

    void compress(const std::uint8_t *block)
    {
        std::array<std::uint32_t, 64> w;
        for (std::size_t i = 0; i < 16; i++, block += 4)
            w[i] = std::uint32_t{block[0]} << 24 | std::uint32_t{block[1]} << 16 |
                   std::uint32_t{block[2]} << 8 | std::uint32_t{block[3]};
        for (std::size_t i = 16; i < 64; i++) {
            const auto s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
            const auto s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }

        auto [a, b, c, d, e, f, g, h] = state_;
        for (std::size_t i = 0; i < 64; i++) {
            const auto s1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
            const auto t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
            const auto s0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);
            const auto t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + t1;
            d = c, c = b, b = a, a = t1 + t2;
        }
        const std::array<std::uint32_t, 8> added = {a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < state_.size(); i++)
            state_[i] += added[i];
    }

    Digest digest() const
    {
        Digest bytes;
        for (std::size_t i = 0; i < bytes.size(); i++)
            bytes[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - i % 4 * 8));
        return bytes;
    }

    std::array<std::uint32_t, 8> state_ = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
};

} // namespace

DYNO_SUITE(suite)
{
    constexpr std::size_t input_bytes = 1'048'576;
    suite.add("sha256/1MiB")
        .description("SHA-256 of 1 MiB")
        .group("sha256")
        .param("bytes", input_bytes)
        .bytes(input_bytes)
        .expected(0x066bc545205fff3d)
        .run([](dyno::Bench &b) {
            std::vector<std::uint8_t> input(input_bytes);
            for (std::size_t i = 0; i < input.size(); i++)
                input[i] = static_cast<std::uint8_t>(i % 251);
            b.iter([&] { return Sha256::of(input); });
        });
}
