module {{name}}

go 1.24

require github.com/dyno-bench/dyno/guest-sdk/go/dyno v0.0.0

// The SDK lies in this directory, so that the plugin builds without a network.
replace github.com/dyno-bench/dyno/guest-sdk/go/dyno => ./dyno
