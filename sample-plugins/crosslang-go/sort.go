package main

import (
	"slices"

	"github.com/dyno-bench/dyno/guest-sdk/go/dyno"
)

const sorted = 100_000

func init() {
	dyno.Register("sort/100000", sort,
		dyno.Description("Sorts 100,000 random 32-bit numbers"),
		dyno.Group("sort"),
		dyno.Param("elements", sorted),
		dyno.Elements(sorted),
		dyno.Expect(0xbe58700560cc2f87))
}

func sort(b *dyno.B) {
	input := make([]uint32, sorted)
	state := uint32(2463534242)
	for i := range input {
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		input[i] = state
	}
	numbers := make([]uint32, sorted)
	var sample []uint32
	b.Result(&sample)
	for b.Loop() {
		b.StopTimer()
		copy(numbers, input)
		b.StartTimer()
		slices.Sort(numbers)
		sample = everyThousandth(numbers)
	}
}

func everyThousandth(numbers []uint32) []uint32 {
	sample := make([]uint32, 0, len(numbers)/1000)
	for i := 0; i < len(numbers); i += 1000 {
		sample = append(sample, numbers[i])
	}
	return sample
}
