package dyno

import (
	"errors"
	"math"
	"testing"
)

// The vectors of the FNV reference code (test_fnv.c); another hash would silently part us from every
// other language.
func TestPublishedVectorsOfFNV(t *testing.T) {
	for text, want := range map[string]uint64{
		"":                   0xcbf29ce484222325,
		"a":                  0xaf63dc4c8601ec8c,
		"foobar":             0x85944171f73967e8,
		"chongo was here!\n": 0x46810940eff5f915,
	} {
		if got := fnv(text); got != want {
			t.Errorf("%q: %#x where %#x is published", text, got, want)
		}
	}
}

func fnv(data string) uint64 {
	h := Hash{fnvOffset}
	h.write([]byte(data))
	return h.sum
}

func TestASingleNumberIsItsOwnChecksum(t *testing.T) {
	seven := uint16(7)
	pointer := &seven
	for _, one := range []struct {
		result any
		want   uint64
	}{
		{uint64(6765), 6765},
		{uint8(200), 200},
		{int8(-1), math.MaxUint64},
		{-1, math.MaxUint64},
		{true, 1},
		{'é', 0xe9},
		{1.5, 0x3ff8000000000000},
		{float32(1.5), 0x3ff8000000000000},
		{math.Copysign(math.NaN(), -1), 0x7ff8000000000000},
		{&pointer, 7},
	} {
		if got := Checksum(one.result); got != one.want {
			t.Errorf("%v: %#x where it is %#x", one.result, got, one.want)
		}
	}
}

type flags struct{ a, b uint8 }

func (f *flags) Feed(h *Hash) { h.Add(f.b) }

type hidden struct {
	inner flags
	any   any
}

// Each against its bytes as the table of Checksum states them.
func TestEncodings(t *testing.T) {
	const one, two = "\x01\x00\x00\x00\x00\x00\x00\x00", "\x02\x00\x00\x00\x00\x00\x00\x00"
	const zero, minusOne = "\x00\x00\x00\x00\x00\x00\x00\x00", "\xff\xff\xff\xff\xff\xff\xff\xff"
	var none error
	for _, one := range []struct {
		result any
		bytes  string
	}{
		{struct{}{}, ""},
		{"ab", two + "ab"},
		{[]byte("ab"), two + "ab"},
		{[2]byte{'a', 'b'}, two + "ab"},
		{[]int32{-1}, one + minusOne},
		{[]string{"a", ""}, two + one + "a" + zero},
		{struct{ A, b uint32 }{1, 2}, one + two},
		{[]*int{new(int)}, one + zero},
		{[]any{1, "a", nil}, "\x03\x00\x00\x00\x00\x00\x00\x00" + one + one + one + one + "a" + zero},
		{[]error{errors.New("x"), nil}, two + one + one + "x" + zero},
		{&none, zero},
		// Feed is found by pointer and in unexported fields, which reflect does not let be called.
		{flags{1, 2}, two},
		{&flags{1, 2}, two},
		{hidden{flags{1, 2}, flags{1, 1}}, two + one + one},
	} {
		if got := Checksum(one.result); got != fnv(one.bytes) {
			t.Errorf("%#v is not encoded as %q", one.result, one.bytes)
		}
	}
}

func TestWhatHasNoChecksum(t *testing.T) {
	var pointer *int
	for _, result := range []any{pointer, map[int]int{}, func() {}, complex(1, 1), []any{make(chan int)}, errors.New("x")} {
		func() {
			defer func() {
				if _, ok := recover().(failure); !ok {
					t.Errorf("%T has a checksum", result)
				}
			}()
			Checksum(result)
		}()
	}
}

// The first numbers of the reference implementation (splitmix64.c) for the seed 1234567.
func TestSplitMix64(t *testing.T) {
	random := NewSplitMix64(1234567)
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		if got := random.Uint64(); got != want {
			t.Errorf("%d where %d is published", got, want)
		}
	}
	if random.Below(0) != 0 || random.Below(10) > 9 {
		t.Error("Below is not below")
	}
}
