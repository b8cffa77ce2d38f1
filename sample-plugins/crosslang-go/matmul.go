package main

import "github.com/dyno-bench/dyno/guest-sdk/go/dyno"

const n = 64

func init() {
	dyno.Register("matmul/64", multiply,
		dyno.Description("Multiplies two 64 by 64 matrices"),
		dyno.Group("matmul"),
		dyno.Param("n", n),
		dyno.Elements(n*n*n),
		dyno.Expect(0x14f4923bd))
}

type matrix [n][n]float64

func multiply(b *dyno.B) {
	var left, right, product matrix
	for i := range n {
		for j := range n {
			left[i][j] = float64(i*j%7 + 1)
			right[i][j] = float64((i+2*j)%5 + 1)
		}
	}
	var sum uint64
	b.Result(&sum)
	for b.Loop() {
		for i := range n {
			for j := range n {
				var element float64
				for k := range n {
					element += left[i][k] * right[k][j]
				}
				product[i][j] = element
			}
		}
		sum = product.weighed()
	}
}

// weighed tells a matrix from one with the same elements in other places.
func (m *matrix) weighed() (sum uint64) {
	for i := range n {
		for j := range n {
			sum += uint64(m[i][j]) * uint64(n*i+j+1)
		}
	}
	return sum
}
