package dyno

import (
	"runtime"
	"runtime/metrics"
)

// collector sees to it that Go's collector comes to its end, which on WebAssembly it may not.
//
// Once collecting has taken more time than the program itself, by a second in all, the runtime no
// longer makes those who allocate help with it, and leaves it to goroutines in the background. Here
// they have no turn: nothing preempts a loop, and the thread that elsewhere notices when the second
// is made up for (sysmon) does not exist. The collection stays where it is, and the memory grows until
// the host ends the program. runtime.GC waits for the collection, and so lets the goroutines run.
//
// A look takes about two microseconds. So the collector is looked after not in every iteration but
// after a stretch of them, in which they allocate a small part of what they may.
type collector struct {
	samples   [3]metrics.Sample
	allocated uint64 // in all, when last looked at
	stretch   uint64
}

// What the collector is judged by, in the order of the samples.
const (
	heapObjects = iota // what is in use and what is not yet collected
	heapGoal           // where the collector means to end
	heapAllocs         // everything that was ever allocated
)

// stretchMax keeps the cost of looking below a thousandth, even for an empty loop.
const stretchMax = 1 << 20

// begin collects what the preparation left behind, or it would be collected on the time of the loop.
func (c *collector) begin() {
	c.samples[heapObjects].Name = "/memory/classes/heap/objects:bytes"
	c.samples[heapGoal].Name = "/gc/heap/goal:bytes"
	c.samples[heapAllocs].Name = "/gc/heap/allocs:bytes"
	c.stretch = 1
	runtime.GC()
	c.look()
}

// look reports whether the collector has missed its goal, and decides when to look again.
func (c *collector) look() (late bool) {
	metrics.Read(c.samples[:])
	goal := c.samples[heapGoal].Value.Uint64()
	allocated := c.samples[heapAllocs].Value.Uint64()
	switch part := allocated - c.allocated; {
	case part > goal/8:
		c.stretch = max(c.stretch/2, 1)
	case part < goal/16:
		c.stretch = min(c.stretch*2, stretchMax)
	}
	c.allocated = allocated
	return c.samples[heapObjects].Value.Uint64() > goal+goal/4
}
