package cli

import (
	"runtime"
	"testing"
	"testing/synctest"
)

// Memory is returned once the program is quiet and holds an eighth more than it kept the last time, and not
// for little.
func TestMemoryIsReturnedWhenALoadIsOver(t *testing.T) {
	const mebibyte = 1 << 20
	h, allocated := holding{}, uint64(0)
	for number, step := range []struct {
		made, live, held uint64 // MiB
		due              bool
		kept             uint64 // then
	}{
		{made: 8, live: 2, held: 8},                                 // it starts: what it holds is little
		{made: 1, live: 2, held: 15},                                // and still
		{made: 300, live: 150, held: 290},                           // under load
		{made: 80, live: 150, held: 290},                            // less of it
		{made: 79, live: 150, held: 290, due: true, kept: 200},      // over, as a long one has renewals
		{made: 79, live: 150, held: 224},                            // what has come back is less than an eighth
		{made: 900, live: 150, held: 380},                           // the next load
		{made: 900, live: 150, held: 380},                           //
		{made: 0, live: 150, held: 380, due: true, kept: 370},       // most is needed by now
		{made: 0, live: 150, held: 380},                             // so that it is not tried again
		{made: 0, live: 100, held: 180},                             // the runtime has returned some by itself
		{made: 0, live: 100, held: 203, due: true, kept: 150},       // more than that is a load's
		{made: 0, live: 1, held: 20},                                // nothing is in use any more
		{made: 4, live: 1, held: 36, due: true, kept: 18},           // little is quiet by itself
		{made: 5, live: 1, held: 360}, {made: 6, live: 1, held: 40}, // and more is not
	} {
		allocated += step.made * mebibyte
		now := usage{held: step.held * mebibyte, live: step.live * mebibyte, allocated: allocated}
		if due := h.due(now); due != step.due {
			t.Errorf("step %d: due: %v", number, due)
		} else if due {
			h.kept = step.kept * mebibyte
		}
	}
}

// What garbage took is the system's again after two looks, and what is in use stays.
func TestTheMemoryOfGarbageIsReturned(t *testing.T) {
	const size = 64 << 20
	used := make([]byte, size)
	before := readUsage().held
	for range 4 {
		garbage := make([]byte, size)
		for at := 0; at < size; at += 4096 {
			garbage[at], used[at] = 1, 1
		}
		runtime.KeepAlive(garbage)
	}
	var h holding
	h.look() // it sees that much was allocated, as under load
	h.look()
	if after := readUsage().held; after > before+size/4 {
		t.Errorf("%d MiB are held, and %d before", after>>20, before>>20)
	}
	if used[4096] != 1 {
		t.Error("what is in use was lost")
	}
}

// It ends with the context, or when it is told to.
func TestReturningMemoryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { ReturnMemory(t.Context())() })
}
