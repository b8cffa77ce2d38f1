// Package dyno makes benchmark plugins for Dyno of Go programs. A case looks like a benchmark of
// package testing, and is registered while the program initialises:
//
//	package main
//
//	import (
//		"slices"
//
//		"github.com/dyno-bench/dyno/guest-sdk/go/dyno"
//	)
//
//	func init() {
//		dyno.Register("max/1000", maximum, dyno.Elements(1000), dyno.Expect(999))
//	}
//
//	func maximum(b *dyno.B) {
//		numbers := make([]uint32, 1000) // prepared before the loop, so not timed
//		for i := range numbers {
//			numbers[i] = uint32(i)
//		}
//		var result uint32
//		b.Result(&result)
//		for b.Loop() {
//			result = slices.Max(numbers)
//		}
//	}
//
//	func main() {} // the host never calls it
//
// Built with GOOS=wasip1 GOARCH=wasm and -buildmode=c-shared, that is a plugin.
package dyno

import "fmt"

// Register adds a case to the plugin. Call it from an init function or from the initialisation of a
// package-level variable: main is never called. The host lists the cases in the order in which they
// were registered, and it checks the names: unique in the plugin, 1 to 128 characters, by custom
// group/operation/parameter.
//
// The host runs each case on a fresh instance of the program, in which run is called once. Whatever
// it prepares belongs into run, since an init function is paid for by every case.
func Register(name string, run func(b *B), options ...Option) {
	registered := benchCase{name: name, run: run}
	for _, option := range options {
		option(&registered)
	}
	if run == nil {
		refuse("case %q has no function to run", name)
	}
	suite = append(suite, registered)
}

// Option states a fact about a case.
type Option func(*benchCase)

// Description says in one sentence, for people, what the case does.
func Description(text string) Option {
	return func(c *benchCase) { c.description = text }
}

// Group names the group of the case. The cases of a group are shown and compared side by side.
func Group(name string) Option {
	return func(c *benchCase) { c.group = &name }
}

// Param tells a case from the others of its group, such as nodes = 1000. A case may have several;
// they are shown in this order. The value is shown as fmt.Sprint writes it.
func Param(name string, value any) Option {
	return func(c *benchCase) {
		c.params = append(c.params, param{name, fmt.Sprint(value)})
	}
}

// Bytes says how many bytes one iteration processes.
func Bytes(n int) Option { return throughputOf("bytes", unitBytes, n) }

// Elements says how many elements (items, nodes, requests) one iteration processes.
func Elements(n int) Option { return throughputOf("elements", unitElements, n) }

// Expect states the checksum that the result must have, as [Checksum] computes it; the host fails
// the case for a different one.
func Expect(checksum uint64) Option {
	return func(c *benchCase) { c.expected = &checksum }
}

// suite holds the cases that were registered.
var suite []benchCase

// refusal is the first thing that was wrong with a registration. The host gets it in place of the
// list of cases: a panic in an init function would only show as a trap.
var refusal error

func refuse(format string, arguments ...any) {
	if refusal == nil {
		refusal = fmt.Errorf(format, arguments...)
	}
}

// benchCase is one benchmark, as registered.
type benchCase struct {
	name        string
	description string
	group       *string
	params      []param
	throughput  *throughput
	expected    *uint64
	run         func(*B)
}

type param struct{ name, value string }

type throughput struct {
	unit   uint8
	amount uint64
}

// The units of a throughput, numbered as in the contract.
const (
	unitBytes    uint8 = 0
	unitElements uint8 = 1
)

func throughputOf(what string, unit uint8, n int) Option {
	return func(c *benchCase) {
		if n < 0 {
			refuse("case %q says that an iteration processes %d %s", c.name, n, what)
		}
		c.throughput = &throughput{unit, uint64(n)}
	}
}

// runNamed runs the case of that name. What it returns fails the case.
func runNamed(name string) error {
	for _, registered := range suite {
		if registered.name == name {
			return measure(registered.run)
		}
	}
	return fmt.Errorf("there is no case named %q", name)
}
