module crosslang-go

go 1.24

require github.com/dyno-bench/dyno/guest-sdk/go/dyno v0.0.0

replace github.com/dyno-bench/dyno/guest-sdk/go/dyno => ../../guest-sdk/go/dyno
