package main

import (
	"testing"

	"github.com/dyno-bench/dyno/guest-sdk/go/dyno"
)

// Every case, natively, against the checksums that all languages share.
func TestCases(t *testing.T) { dyno.Test(t) }
