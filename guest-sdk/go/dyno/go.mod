module github.com/dyno-bench/dyno/guest-sdk/go/dyno

go 1.24
