package main

import (
	"testing"

	"github.com/dyno-bench/dyno/guest-sdk/go/dyno"
)

// `go test` runs every case for a few iterations, natively, and checks the checksums.
func TestCases(t *testing.T) { dyno.Test(t) }
