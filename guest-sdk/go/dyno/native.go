//go:build !wasip1

package dyno

import (
	"fmt"
	"testing"
)

// Test runs every case that was registered as a subtest, in a native build, with a stand-in for the
// host that asks for a few batches and measures nothing. It fails for what the host would fail the
// case for: an error, a panic, a checksum that changes or is not the expected one.
//
//	func TestCases(t *testing.T) { dyno.Test(t) }
func Test(t *testing.T) {
	if refusal != nil {
		t.Fatal(refusal)
	}
	named := map[string]bool{}
	for _, registered := range suite {
		if named[registered.name] {
			t.Errorf("two cases are named %q", registered.name)
		}
		named[registered.name] = true
		t.Run(registered.name, func(t *testing.T) {
			checksum, err := drive(registered.run)
			if err == nil && registered.expected != nil && checksum != *registered.expected {
				err = fmt.Errorf("the checksum is %#x where %#x was expected", checksum, *registered.expected)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// batches are the iterations that the stand-in asks for, one batch after the other.
var batches = []uint64{1, 3, 10}

// standIn is the host of a native build. B keeps to the contract, so that it watches only for the
// checksums.
var standIn struct {
	timed     bool
	asked     int
	checksums []uint64
}

// drive runs one case, and returns its checksum.
func drive(run func(*B)) (uint64, error) {
	standIn.timed, standIn.asked, standIn.checksums = false, 0, nil
	if err := measure(run); err != nil {
		return 0, err
	}
	for _, checksum := range standIn.checksums {
		if checksum != standIn.checksums[0] {
			return 0, fmt.Errorf("nondeterministic: the batches' checksums are %#x", standIn.checksums)
		}
	}
	return standIn.checksums[0], nil
}

func hostNext(checksum uint64) uint64 {
	if standIn.asked > 0 {
		standIn.checksums = append(standIn.checksums, checksum)
	}
	standIn.asked++
	if standIn.asked > len(batches) {
		return 0
	}
	return batches[standIn.asked-1]
}

func hostStart() { standIn.timed = true }

func hostStop() { standIn.timed = false }
