package dyno

import "unsafe"

// arena is the memory that cabi_realloc hands out. It is not on Go's heap, for two reasons. The host
// calls cabi_realloc in the midst of another call, where a collection that began there could not
// switch to the collector's goroutines. And WASI's adapter calls it before Go's runtime is
// initialised, for the 128 KiB that it keeps for good; it must not take them from memory.grow instead, since
// Go's runtime believes that it alone makes the memory grow.
//
// All else that comes here is the name of the case to run.
type arena struct {
	memory [192 << 10]byte
	used   uintptr
}

// grow has the meaning of realloc. It runs on whatever stack is there, so that it must not need more.
//
//go:nosplit
func (a *arena) grow(old unsafe.Pointer, oldSize, align, size uintptr) unsafe.Pointer {
	base := uintptr(unsafe.Pointer(&a.memory))
	start := (base+a.used+align-1)&^(align-1) - base
	if start > uintptr(len(a.memory)) || size > uintptr(len(a.memory))-start {
		panic("dyno: the host handed over more than the 192 KiB that are kept for it")
	}
	a.used = start + size
	place := unsafe.Pointer(&a.memory[start])
	for i := range min(oldSize, size) {
		*(*byte)(unsafe.Add(place, i)) = *(*byte)(unsafe.Add(old, i))
	}
	return place
}

// release takes back the last thing that was handed out.
func (a *arena) release(place unsafe.Pointer) {
	a.used = uintptr(place) - uintptr(unsafe.Pointer(&a.memory))
}
