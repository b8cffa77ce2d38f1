package main

import (
	"crypto/sha256"

	"github.com/dyno-bench/dyno/guest-sdk/go/dyno"
)

const hashedBytes = 1 << 20

func init() {
	dyno.Register("sha256/1MiB", hash,
		dyno.Description("SHA-256 of 1 MiB"),
		dyno.Group("sha256"),
		dyno.Param("bytes", hashedBytes),
		dyno.Bytes(hashedBytes),
		dyno.Expect(0x066bc545205fff3d))
}

func hash(b *dyno.B) {
	data := make([]byte, hashedBytes)
	for i := range data {
		data[i] = byte(i % 251)
	}
	var digest [sha256.Size]byte
	b.Result(&digest)
	for b.Loop() {
		digest = sha256.Sum256(data)
	}
}
