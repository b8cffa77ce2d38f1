package dyno

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"
)

// The host would read garbage. testdata/contract.txt is what wit/ says, which a test of the host's
// checks.
func TestTheTypesLieAsTheContractSays(t *testing.T) {
	contract, err := os.ReadFile("testdata/contract.txt")
	if err != nil {
		t.Fatal(err)
	}
	var (
		count  abiCount
		result abiResult
		pair   abiParam
		listed abiCase
	)
	outcome := fmt.Sprintf("  result: 0\n  result.payload: %d\n", unsafe.Offsetof(result.payload))
	throughput := unsafe.Offsetof(listed.throughput)
	rate := throughput + unsafe.Offsetof(listed.throughput.value)
	want := strings.Join([]string{
		"wasmimport dyno:bench/bench@0.1.0 next: [I64, Pointer] -> []\n  result: 0\n",
		fmt.Sprintf("  result.payload: %d\n", unsafe.Offsetof(count.value)),
		"wasmimport dyno:bench/bench@0.1.0 start: [] -> []\n",
		"wasmimport dyno:bench/bench@0.1.0 stop: [] -> []\n",
		"wasmexport dyno:bench/suite@0.1.0#cases: [] -> [Pointer]\n", outcome,
		"wasmexport dyno:bench/suite@0.1.0#run: [Pointer, Length] -> [Pointer]\n", outcome,
		fmt.Sprintf("param: %d bytes\n", unsafe.Sizeof(pair)),
		fmt.Sprintf("  name: %d\n", unsafe.Offsetof(pair.name)),
		fmt.Sprintf("  value: %d\n", unsafe.Offsetof(pair.value)),
		fmt.Sprintf("bench-case: %d bytes\n", unsafe.Sizeof(listed)),
		fmt.Sprintf("  name: %d\n", unsafe.Offsetof(listed.name)),
		fmt.Sprintf("  description: %d\n", unsafe.Offsetof(listed.description)),
		fmt.Sprintf("  group: %d\n", unsafe.Offsetof(listed.group)),
		fmt.Sprintf("  group.payload: %d\n", unsafe.Offsetof(listed.group)+unsafe.Offsetof(listed.group.text)),
		fmt.Sprintf("  params: %d\n", unsafe.Offsetof(listed.params)),
		fmt.Sprintf("  throughput: %d\n", throughput),
		fmt.Sprintf("  throughput.payload: %d\n", rate),
		fmt.Sprintf("  throughput.payload.payload: %d\n", rate+unsafe.Offsetof(listed.throughput.value.amount)),
		fmt.Sprintf("  expected: %d\n", unsafe.Offsetof(listed.expected)),
		fmt.Sprintf("  expected.payload: %d\n", unsafe.Offsetof(listed.expected)+unsafe.Offsetof(listed.expected.value)),
	}, "")
	if string(contract) != want {
		t.Errorf("the contract is\n%s\nand the types are\n%s", contract, want)
	}
	component, err := os.ReadFile("component.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(contract)) {
		directive, _, isFunction := strings.Cut(line, ": [")
		if isFunction && !strings.Contains(string(component), "//go:"+directive+"\n") {
			t.Errorf("component.go has no %s", directive)
		}
	}
}

// An arena that handed out the same bytes twice would mix the adapter's memory with a name.
func TestTheArenaHandsOutSeparateAlignedPlaces(t *testing.T) {
	var a arena
	first := (*[3]byte)(a.grow(nil, 0, 1, 3))
	copy(first[:], "abc")
	second := (*[8]byte)(a.grow(nil, 0, 8, 8))
	if uintptr(unsafe.Pointer(second))%8 != 0 {
		t.Error("not aligned")
	}
	copy(second[:], "ABCDEFGH")
	grown := (*[10]byte)(a.grow(unsafe.Pointer(first), 3, 1, 10))
	if string(first[:]) != "abc" || string(second[:]) != "ABCDEFGH" || string(grown[:3]) != "abc" {
		t.Errorf("%q, %q, %q", first[:], second[:], grown[:])
	}
	a.release(unsafe.Pointer(grown))
	if again := a.grow(nil, 0, 1, 10); again != unsafe.Pointer(grown) {
		t.Error("what was released is not handed out again")
	}
}

func TestAFullArenaSaysSo(t *testing.T) {
	var a arena
	a.grow(nil, 0, 1, uintptr(len(a.memory)))
	for _, size := range []uintptr{1, 1 << 20, ^uintptr(0)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d bytes more were handed out", size)
				}
			}()
			a.grow(nil, 0, 1, size)
		}()
	}
}
