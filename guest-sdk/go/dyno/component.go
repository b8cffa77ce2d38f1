//go:build wasip1

package dyno

import (
	"strings"
	"unsafe"
)

// What the host offers, and what it calls. The names are those of the canonical ABI, by which Dyno
// makes a component of this module.

//go:wasmimport dyno:bench/bench@0.1.0 next
func importNext(checksum uint64, iterations *abiCount)

//go:wasmimport dyno:bench/bench@0.1.0 start
func hostStart()

//go:wasmimport dyno:bench/bench@0.1.0 stop
func hostStop()

// wanted is where the host answers.
var wanted abiCount

// hostNext ends a batch and asks for the next one: its iterations, or 0 for none.
func hostNext(checksum uint64) uint64 {
	importNext(checksum, &wanted)
	if !wanted.isSome {
		return 0
	}
	return wanted.value
}

//go:wasmexport dyno:bench/suite@0.1.0#cases
func exportCases() *abiResult {
	if refusal != nil {
		return lowerOutcome(refusal)
	}
	return lowerCases(suite)
}

//go:wasmexport dyno:bench/suite@0.1.0#run
func exportRun(name *byte, length uint32) *abiResult {
	named := strings.Clone(unsafe.String(name, length))
	handed.release(unsafe.Pointer(name))
	return lowerOutcome(runNamed(named))
}

var handed arena

//go:wasmexport cabi_realloc
//go:nosplit
func exportRealloc(old unsafe.Pointer, oldSize, align, size uintptr) unsafe.Pointer {
	return handed.grow(old, oldSize, align, size)
}
