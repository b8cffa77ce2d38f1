// Command {{name}} is a benchmark plugin for Dyno: `dyno run .` builds and measures it.
package main

import (
	"fmt"
	"slices"

	"github.com/dyno-bench/dyno/guest-sdk/go/dyno"
)

// The cases are registered while the program initialises; main is never called.
func main() {}

func init() {
	dyno.Register("fib/20", func(b *dyno.B) {
		var result uint64
		b.Result(&result)
		for b.Loop() {
			result = fib(dyno.BlackBox[uint32](20))
		}
	}, dyno.Description("The 20th Fibonacci number"), dyno.Expect(6765))

	for _, numbers := range []int{1_000, 100_000} {
		dyno.Register(fmt.Sprintf("sort/%d", numbers), func(b *dyno.B) { sort(b, numbers) },
			dyno.Description("Sorts random numbers"),
			dyno.Group("sort"),
			dyno.Param("numbers", numbers),
			dyno.Elements(numbers))
	}
}

func fib(n uint32) uint64 {
	if n < 2 {
		return uint64(n)
	}
	return fib(n-1) + fib(n-2)
}

// sort changes its input, so that each iteration needs a fresh copy, made while the clock stands.
func sort(b *dyno.B, numbers int) {
	random := dyno.NewSplitMix64(1)
	input := make([]uint64, numbers)
	for i := range input {
		input[i] = random.Uint64()
	}
	sorted := make([]uint64, numbers)
	b.Result(&sorted)
	for b.Loop() {
		b.StopTimer()
		copy(sorted, input)
		b.StartTimer()
		slices.Sort(sorted)
	}
}
