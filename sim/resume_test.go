package sim

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// interrupted is a fetch whose process is ended halfway and which starts again. Only the first node
// had the file when it began; then two more have another content under its name.
func interrupted(seed uint64, class scenario.Class) *scenario.Scenario {
	file := scenario.File{Name: "large", Content: 1, Size: 4 * group}
	other := scenario.Node{Files: []scenario.File{{Name: "large", Content: 2, Size: 3 * group}}, Start: 1500 * time.Millisecond}
	s := &scenario.Scenario{
		Seed: seed, Heal: 40 * time.Second, Clients: 1,
		Nodes:  []scenario.Node{{Files: []scenario.File{file}}, other, other},
		Ops:    []scenario.Op{{At: time.Second, Do: scenario.DoFetch, Who: "c0", Name: "large"}},
		Faults: []scenario.Fault{{Class: class, At: time.Second, For: 2 * time.Second, Who: "c0", N: 9}},
	}
	for i := range s.Nodes {
		s.Nodes[i].ID = i
	}
	return s
}

// TestAFetchThatStartsAgainPrefersItsPart: whichever node the relay names first.
func TestAFetchThatStartsAgainPrefersItsPart(t *testing.T) {
	for _, class := range []scenario.Class{scenario.KillWriting, scenario.CutWriting} {
		for seed := range uint64(30) {
			s := interrupted(seed, class)
			goesOn(t, s, 1)
			s.Faults = append(s.Faults, scenario.Fault{Class: scenario.FileReplace, At: 2 * time.Second, Who: "n0", Name: "large"})
			goesOn(t, s, 0)
		}
	}
}

// goesOn runs a fetch that starts again, and checks that it delivers the content with that number,
// or another one than the first for 0. A power loss may have taken the part.
func goesOn(t *testing.T, s *scenario.Scenario, content int) {
	t.Helper()
	w := newWorld(s, scenario.NewSeeded(s.Seed))
	w.build()
	w.until(s.Heal)
	if w.check.failed() {
		t.Fatalf("seed %d: %v", s.Seed, w.check.violation)
	}
	if len(w.operations) != 2 {
		t.Fatalf("seed %d: the fetch started %d times", s.Seed, len(w.operations))
	}
	first := w.identity(1, 4*group).hash
	again := w.operations[1]
	switch r := again.result; {
	case again.left.IsZero() && s.Faults[0].Class == scenario.CutWriting:
	case again.left != first:
		t.Errorf("seed %d: the machine was not told of the part", s.Seed)
	case r == nil || r.Outcome != client.Fetched:
		t.Errorf("seed %d: the fetch is %s: %+v", s.Seed, again.actor.state, r)
	case (r.Hash == first) != (content == 1):
		t.Errorf("seed %d: it has fetched %v", s.Seed, r.Hash)
	case content == 1 && r.Kept == 0 && s.Faults[0].Class == scenario.KillWriting:
		t.Errorf("seed %d: nothing of the part has been kept", s.Seed)
	}
}
