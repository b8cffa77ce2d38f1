package dyno

import (
	"strings"
	"structs"
	"unsafe"
)

// The contract in memory, as the component model's canonical ABI lays it out. Go lays structs out by
// the same rules of alignment; only a pointer is wider in Go, so that it appears here as a uint32. The
// collector does not see such pointers: what they point to is kept alive by a package-level variable
// of its own. layout_test.go holds these types against the contract.

// abiText is a string or a list: where it begins and how long it is.
type abiText struct {
	_      structs.HostLayout
	start  uint32
	length uint32
}

// abiResult is a result whose error is a string: result<list<bench-case>, string> and
// result<_, string> alike.
type abiResult struct {
	_       structs.HostLayout
	isError bool
	payload abiText
}

// abiCount is an option<u64>.
type abiCount struct {
	_      structs.HostLayout
	isSome bool
	value  uint64
}

// abiCase is a bench-case.
type abiCase struct {
	_           structs.HostLayout
	name        abiText
	description abiText
	group       struct {
		isSome bool
		text   abiText
	}
	params     abiText
	throughput struct {
		isSome bool
		value  struct {
			unit   uint8
			amount uint64
		}
	}
	expected abiCount
}

// abiParam is a param.
type abiParam struct {
	_     structs.HostLayout
	name  abiText
	value abiText
}

// lowered keeps alive what a result points to, and the result itself. Each call of an export
// replaces it: by then the host has read what the one before returned.
var lowered struct {
	result abiResult
	cases  []abiCase
	params [][]abiParam
	texts  []string
}

// lowerCases puts the list of cases where the host reads it.
func lowerCases(cases []benchCase) *abiResult {
	listed := make([]abiCase, len(cases))
	lowered.cases, lowered.params, lowered.texts = listed, nil, nil
	for i, source := range cases {
		target := &listed[i]
		target.name = lowerText(source.name)
		target.description = lowerText(source.description)
		if source.group != nil {
			target.group.isSome = true
			target.group.text = lowerText(*source.group)
		}
		params := make([]abiParam, len(source.params))
		for j, pair := range source.params {
			params[j] = abiParam{name: lowerText(pair.name), value: lowerText(pair.value)}
		}
		target.params = lowerList(params)
		lowered.params = append(lowered.params, params)
		if source.throughput != nil {
			target.throughput.isSome = true
			target.throughput.value.unit = source.throughput.unit
			target.throughput.value.amount = source.throughput.amount
		}
		if source.expected != nil {
			target.expected = abiCount{isSome: true, value: *source.expected}
		}
	}
	lowered.result = abiResult{payload: lowerList(listed)}
	return &lowered.result
}

// lowerOutcome puts what run has to say where the host reads it.
func lowerOutcome(err error) *abiResult {
	lowered.cases, lowered.params, lowered.texts = nil, nil, nil
	lowered.result = abiResult{}
	if err != nil {
		lowered.result = abiResult{isError: true, payload: lowerText(err.Error())}
	}
	return &lowered.result
}

// lowerText makes a string of the contract, which is always UTF-8, of one of Go's, which need not be.
func lowerText(text string) abiText {
	text = strings.ToValidUTF8(text, "\uFFFD")
	lowered.texts = append(lowered.texts, text)
	return lowerList(unsafe.Slice(unsafe.StringData(text), len(text)))
}

// lowerList makes a list of the contract. The caller keeps the elements alive.
func lowerList[E any](elements []E) abiText {
	start := uintptr(unsafe.Pointer(unsafe.SliceData(elements)))
	return abiText{start: uint32(start), length: uint32(len(elements))}
}
