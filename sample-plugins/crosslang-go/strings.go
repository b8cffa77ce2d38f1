package main

import (
	"strconv"
	"strings"

	"github.com/dyno-bench/dyno/guest-sdk/go/dyno"
)

const (
	numbers   = 10_000
	textBytes = 48_890
)

func init() {
	dyno.Register("strings/10000", list,
		dyno.Description("Builds a text of the numbers from 0 to 9,999"),
		dyno.Group("strings"),
		dyno.Param("numbers", numbers),
		dyno.Bytes(textBytes),
		dyno.Expect(0x60a9e111ada8413f))
}

func list(b *dyno.B) {
	var text string
	b.Result(&text)
	for b.Loop() {
		var builder strings.Builder
		for number := range numbers {
			builder.WriteString(strconv.Itoa(number))
			builder.WriteByte(',')
		}
		text = builder.String()
	}
}
