//go:build !wasip1

package dyno

import (
	"errors"
	"strings"
	"testing"
)

// A wrong count would scale every time that Dyno reports.
func TestLoopDoesAsManyIterationsAsAskedAllTimed(t *testing.T) {
	var timed, untimed uint64
	sum, err := drive(func(b *B) {
		var result int
		b.Result(&result)
		for b.Loop() {
			if standIn.timed {
				timed++
			} else {
				untimed++
			}
			result = 7
		}
		if standIn.timed {
			t.Error("the clock runs behind the loop")
		}
	})
	if sum != 7 || err != nil {
		t.Errorf("got %d, %v", sum, err)
	}
	var asked uint64
	for _, iterations := range batches {
		asked += iterations
	}
	if timed != asked || untimed != 0 {
		t.Errorf("%d timed and %d untimed iterations where %d were asked for", timed, untimed, asked)
	}
}

func TestTheTimerStopsAndStarts(t *testing.T) {
	_, err := drive(func(b *B) {
		b.StartTimer()
		if standIn.timed {
			t.Error("the clock runs before the loop")
		}
		for b.Loop() {
			b.StopTimer()
			b.StopTimer()
			if standIn.timed {
				t.Error("the clock runs where it was stopped")
			}
			b.StartTimer()
			b.StartTimer()
			if !standIn.timed {
				t.Error("the clock stands where it was started")
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// What a case does wrong has to reach the author as a sentence, not as a trap.
func TestFailuresAreTold(t *testing.T) {
	for name, failing := range map[string]struct {
		run  func(*B)
		text string
	}{
		"no loop":         {func(b *B) {}, "the case returned without a call of Loop, so nothing was measured"},
		"left early":      {func(b *B) { b.Loop() }, "the case left its loop before Loop had returned false"},
		"two loops":       {func(b *B) { finish(b); b.Loop() }, "Loop was called again after it had returned false"},
		"stopped":         {func(b *B) { b.Loop(); b.StopTimer(); finish(b) }, "the timer is stopped at the end of an iteration"},
		"Fatal":           {func(b *B) { b.Fatal("no ", "input") }, "no input"},
		"Fatalf":          {func(b *B) { b.Fatalf("line %d", 3) }, "line 3"},
		"panic":           {func(b *B) { panic("boom") }, "panic: boom"},
		"run-time error":  {func(b *B) { _ = []int{}[BlackBox(1)] }, "panic: runtime error: index out of range [1] with length 0"},
		"no pointer":      {func(b *B) { b.Result(7) }, "Result wants a pointer to the variable that holds the result, not a int"},
		"error as result": {func(b *B) { err := errors.New("odd"); b.Result(&err); finish(b) }, "odd"},
		"no checksum":     {func(b *B) { var m map[int]int; b.Result(&m); finish(b) }, "a map[int]int has no checksum: let the result be what identifies it, or give it the method Feed(*dyno.Hash)"},
		"changing": {func(b *B) {
			var n int
			b.Result(&n)
			for b.Loop() {
				n++
			}
		}, "nondeterministic: the batches' checksums are [0x1 0x4 0xe]"},
	} {
		if _, err := drive(failing.run); err == nil || err.Error() != failing.text {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func finish(b *B) {
	for b.Loop() {
	}
}

func TestACaseIsFoundByItsName(t *testing.T) {
	defer func() { suite, refusal = nil, nil }()
	Register("here", finish)
	if err := runNamed("nowhere"); err == nil || err.Error() != `there is no case named "nowhere"` {
		t.Errorf("got %v", err)
	}
	standIn.asked = len(batches)
	if err := runNamed("here"); err != nil {
		t.Error(err)
	}
}

func TestAWrongRegistrationIsRefused(t *testing.T) {
	for text, register := range map[string]func(){
		`case "x" has no function to run`:                    func() { Register("x", nil) },
		`case "x" says that an iteration processes -1 bytes`: func() { Register("x", finish, Bytes(-1)) },
	} {
		register()
		if refusal == nil || !strings.Contains(refusal.Error(), text) {
			t.Errorf("got %v", refusal)
		}
		suite, refusal = nil, nil
	}
}
