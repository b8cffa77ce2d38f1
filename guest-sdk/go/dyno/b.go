package dyno

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
)

// B runs the iterations of one case and times them. Its methods are named after those of testing.B
// and mean the same.
type B struct {
	stretch   uint64 // iterations before the collector is looked after, with the one that runs now
	left      uint64 // iterations of the batch behind those
	timed     bool   // whether the host's clock runs
	phase     phase
	result    reflect.Value // what the checksum is computed of
	collector collector
}

// Where a case stands: Loop takes it from one phase to the next.
type phase uint8

const (
	preparing phase = iota
	looping
	released
)

// Loop reports whether the case has to do another iteration. A case does its work in one such loop:
//
//	for b.Loop() {
//		result = work(input)
//	}
//
// Only what the loop contains is timed. Beside the body, an iteration costs a count and a branch.
// Every few iterations a batch ends, and the host gets the checksum of the result, outside the
// timed part. A case must stay in the loop until Loop returns false.
func (b *B) Loop() bool {
	if b.stretch > 1 {
		b.stretch--
		return true
	}
	return b.nextStretch()
}

// nextStretch begins the next few iterations, in the batch that is being done or in the next one.
func (b *B) nextStretch() bool {
	if b.phase == looping {
		if !b.timed {
			b.Fatal("the timer is stopped at the end of an iteration")
		}
		b.StopTimer()
		late := b.collector.look()
		b.StartTimer()
		if late {
			// Timed, like all collecting for which the iterations are the reason.
			runtime.GC()
		}
	}
	if b.left == 0 && !b.nextBatch() {
		return false
	}
	b.stretch = min(b.left, b.collector.stretch)
	b.left -= b.stretch
	return true
}

// nextBatch ends the batch that was done, if any, and begins the one that the host wants next.
func (b *B) nextBatch() bool {
	var checksum uint64
	switch b.phase {
	case preparing:
		b.phase = looping
		b.collector.begin()
	case looping:
		b.StopTimer()
		checksum = b.checksum()
	case released:
		b.Fatal("Loop was called again after it had returned false")
	}
	b.left = hostNext(checksum)
	if b.left == 0 {
		b.phase = released
		return false
	}
	b.StartTimer()
	return true
}

// Result says where the loop leaves its result, from which the checksum is computed after each
// batch: result is a pointer to a variable that the loop assigns to. The compiler then has to do
// the work of which it is the result, and the host can verify it. [Checksum] tells which types it
// may have.
//
// A case without a result has the checksum of nothing, and little keeps the compiler from leaving
// its work out.
func (b *B) Result(result any) {
	pointer := reflect.ValueOf(result)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		b.Fatalf("Result wants a pointer to the variable that holds the result, not a %T", result)
	}
	b.result = pointer.Elem()
}

// StopTimer stops the clock until StartTimer is called, so that an iteration can prepare what it is
// going to change, or check what it did, without being charged for it. Stopping and starting adds up
// to 0.3 microseconds to the time of an iteration, which should therefore take ten or more.
func (b *B) StopTimer() {
	if b.timed {
		hostStop()
		b.timed = false
	}
}

// StartTimer starts the clock again.
func (b *B) StartTimer() {
	if !b.timed && b.phase == looping {
		hostStart()
		b.timed = true
	}
}

// Fatal fails the case with the arguments as its text, and ends it.
func (b *B) Fatal(arguments ...any) { panic(failure(fmt.Sprint(arguments...))) }

// Fatalf is like Fatal, with a format.
func (b *B) Fatalf(format string, arguments ...any) {
	panic(failure(fmt.Sprintf(format, arguments...)))
}

// failure is the panic by which Fatal leaves the case.
type failure string

// BlackBox returns its argument, of which the compiler then knows nothing. Pass a constant input
// through it, or the compiler may compute with it in advance; pass a result that nobody looks at,
// or the compiler may leave out the work. A call costs about a nanosecond.
//
//go:noinline
func BlackBox[T any](value T) T { return value }

// checksum is that of the batch that was just done.
func (b *B) checksum() uint64 {
	if !b.result.IsValid() {
		return Checksum(struct{}{})
	}
	return checksumOf(b.result)
}

// measure runs one case. A panic becomes its error.
func measure(run func(*B)) (err error) {
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case failure:
			err = errors.New(string(thrown))
		default:
			err = fmt.Errorf("panic: %v", thrown)
		}
	}()
	b := &B{}
	run(b)
	switch b.phase {
	case preparing:
		return errors.New("the case returned without a call of Loop, so nothing was measured")
	case looping:
		return errors.New("the case left its loop before Loop had returned false")
	}
	return nil
}
