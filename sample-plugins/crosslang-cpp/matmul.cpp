// Two matrices of doubles, multiplied with three loops.

#include <array>
#include <cstddef>
#include <cstdint>

#include "dyno.hpp"

namespace {

constexpr std::size_t n = 64;

struct Matrix : std::array<std::array<double, n>, n> {
    Matrix operator*(const Matrix &other) const
    {
        Matrix product;
        for (std::size_t i = 0; i < n; i++) {
            for (std::size_t j = 0; j < n; j++) {
                double sum = 0;
                for (std::size_t k = 0; k < n; k++)
                    sum += (*this)[i][k] * other[k][j];
                product[i][j] = sum;
            }
        }
        return product;
    }
};

// Tells each element apart by its place.
std::uint64_t weighted_sum(const Matrix &matrix)
{
    double sum = 0;
    for (std::size_t i = 0; i < n; i++)
        for (std::size_t j = 0; j < n; j++)
            sum += matrix[i][j] * static_cast<double>(n * i + j + 1);
    return static_cast<std::uint64_t>(sum);
}

} // namespace

DYNO_SUITE(suite)
{
    suite.add("matmul/64")
        .description("Multiplies two matrices of 64 by 64 doubles")
        .group("matmul")
        .param("n", n)
        .elements(n * n * n)
        .expected(0x14f4923bd)
        .run([](dyno::Bench &b) {
            Matrix left, right;
            for (std::size_t i = 0; i < n; i++) {
                for (std::size_t j = 0; j < n; j++) {
                    left[i][j] = static_cast<double>(i * j % 7 + 1);
                    right[i][j] = static_cast<double>((i + 2 * j) % 5 + 1);
                }
            }
            b.iter([&] { return left * right; }, weighted_sum);
        });
}
