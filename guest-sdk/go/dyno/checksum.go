package dyno

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
)

// Checksum computes the number by which the host verifies a result; it is the same in every
// language. Let a word be 8 bytes, little-endian. Then a result is encoded as
//
//	unsigned integer        a word, zero-extended
//	signed integer          a word, sign-extended
//	bool                    a word: 0 or 1
//	float                   a word: the bits of the float64; every NaN is 0x7ff8000000000000
//	string, byte sequence   a word with the length in bytes, then the bytes
//	other slice, array      a word with the length, then each element
//	struct                  its fields, in order
//	pointer                 what it points to
//	interface               the word 0 for nil; else the word 1, then the value, or an error's text
//	Feeder                  what its method Feed adds
//
// A result that is a single number or bool is its own checksum. Any other has the 64-bit FNV-1a hash
// of its bytes. What counts of a pointer or an interface that is the whole result is the value in it; an
// error fails the case.
//
// Checksum panics for what has no checksum: a nil pointer, a function, a channel, a complex number
// and a map, whose order is another one in each run.
func Checksum(result any) uint64 {
	return checksumOf(reflect.ValueOf(&result).Elem())
}

// Feeder is a result that says itself what identifies it, such as a tree or a map. By custom it adds
// its fields in the order in which they are declared.
type Feeder interface {
	// Feed adds the encoding of the result to the hash.
	Feed(h *Hash)
}

// Hash is an FNV-1a hash of 64 bits, over the encoding that [Checksum] states. It is made to notice
// accidents, not to withstand an attacker.
type Hash struct{ sum uint64 }

// The parameters of FNV-1a.
const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

// Add adds the encoding of a value. It panics for what has no checksum.
func (h *Hash) Add(value any) {
	if value == nil {
		panic(failure("nil has no checksum"))
	}
	h.feed(reflect.ValueOf(&value).Elem().Elem())
}

// checksumOf is the checksum of a result as a whole.
func checksumOf(value reflect.Value) uint64 {
	value = accessible(value)
	switch kind := value.Kind(); {
	case (kind == reflect.Interface || kind == reflect.Pointer) && !value.IsNil():
		if failed, ok := value.Interface().(error); ok && kind == reflect.Interface {
			panic(failure(failed.Error()))
		}
		return checksumOf(value.Elem())
	case !isFeeder(value):
		if word, ok := wordOf(value); ok {
			return word
		}
	}
	h := Hash{fnvOffset}
	h.feed(value)
	return h.sum
}

// accessible is the value in a place that has an address and whose methods may be called, which
// reflect refuses for what it found in an interface or in an unexported field.
func accessible(value reflect.Value) reflect.Value {
	if !value.CanAddr() {
		place := reflect.New(value.Type()).Elem()
		place.Set(value)
		return place
	}
	return reflect.NewAt(value.Type(), value.Addr().UnsafePointer()).Elem()
}

func isFeeder(value reflect.Value) bool {
	_, ok := value.Addr().Interface().(Feeder)
	return ok
}

// wordOf is the word of a value that is one.
func wordOf(value reflect.Value) (uint64, bool) {
	switch value.Kind() {
	case reflect.Bool:
		if value.Bool() {
			return 1, true
		}
		return 0, true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return uint64(value.Int()), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return value.Uint(), true
	case reflect.Float32, reflect.Float64:
		// WebAssembly leaves the bits of a computed NaN open, so that they may differ between machines.
		if math.IsNaN(value.Float()) {
			return 0x7ff8000000000000, true
		}
		return math.Float64bits(value.Float()), true
	}
	return 0, false
}

// feed adds the encoding of a value that is not the result as a whole.
func (h *Hash) feed(value reflect.Value) {
	value = accessible(value)
	if feeder, ok := value.Addr().Interface().(Feeder); ok {
		feeder.Feed(h)
		return
	}
	if word, ok := wordOf(value); ok {
		h.word(word)
		return
	}
	switch value.Kind() {
	case reflect.String:
		h.bytes([]byte(value.String()))
	case reflect.Slice, reflect.Array:
		h.sequence(value)
	case reflect.Struct:
		for i := range value.NumField() {
			h.feed(value.Field(i))
		}
	case reflect.Interface:
		h.optional(value)
	case reflect.Pointer:
		if value.IsNil() {
			panic(failure(fmt.Sprintf("a nil %s has no checksum", value.Type())))
		}
		h.feed(value.Elem())
	default:
		panic(failure(fmt.Sprintf("a %s has no checksum: let the result be what identifies it, or give it the method Feed(*dyno.Hash)", value.Type())))
	}
}

func (h *Hash) sequence(value reflect.Value) {
	if value.Type().Elem().Kind() == reflect.Uint8 {
		h.bytes(value.Bytes())
		return
	}
	h.word(uint64(value.Len()))
	for i := range value.Len() {
		h.feed(value.Index(i))
	}
}

func (h *Hash) optional(value reflect.Value) {
	if value.IsNil() {
		h.word(0)
		return
	}
	h.word(1)
	if failed, ok := value.Interface().(error); ok {
		h.bytes([]byte(failed.Error()))
		return
	}
	h.feed(value.Elem())
}

// bytes adds a byte string, with its length.
func (h *Hash) bytes(data []byte) {
	h.word(uint64(len(data)))
	h.write(data)
}

func (h *Hash) word(value uint64) {
	var data [8]byte
	binary.LittleEndian.PutUint64(data[:], value)
	h.write(data[:])
}

func (h *Hash) write(data []byte) {
	sum := h.sum
	for _, octet := range data {
		sum = (sum ^ uint64(octet)) * fnvPrime
	}
	h.sum = sum
}
