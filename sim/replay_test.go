package sim

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/roles/rolestest"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// drawn makes choices with rapid, so that failures shrink.
type drawn struct{ t *rapid.T }

func (d drawn) N(n int, label string) int {
	if n <= 1 {
		return 0
	}
	return rapid.IntRange(0, n-1).Draw(d.t, label)
}

// TestRandomPlacements draws scenarios and all choices of their runs with rapid.
func TestRandomPlacements(t *testing.T) {
	rolestest.Check(t, 2000, func(t *rapid.T) {
		c := drawn{t}
		s := scenario.Draw(c)
		if v := Run(s, Options{Chooser: c}).Violation; v != nil {
			t.Fatalf("%v\n%s", v, s.Plan())
		}
	})
}

// spent is a chooser that runs out of choices, as rapid's does while it shrinks.
type spent struct{ rounds int }

func (s *spent) N(int, string) int {
	if s.rounds--; s.rounds < 0 {
		panic(s)
	}
	return 0
}

// TestARunEndsWithItsChooser checks that a chooser's panic is not taken for a machine's.
func TestARunEndsWithItsChooser(t *testing.T) {
	s := sweepScenario()
	s.Faults = []scenario.Fault{{Class: scenario.Delay, Who: "relay", For: 10 * time.Second, N: 900}}
	c := &spent{rounds: 10}
	defer func() {
		if recover() != c {
			t.Error("the chooser's panic did not come through")
		}
	}()
	t.Errorf("the run went on: %v", Run(s, Options{Chooser: c}).Violation)
}

// TestKeptPlans replays all plans under testdata.
func TestKeptPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/*.plan")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plans: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := scenario.Parse(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if v := Run(s, Options{}).Violation; v != nil {
				t.Error(v)
			}
		})
	}
}

// TestSameSeedSameTrace is M1: a seed always gives the same run, in any order, on any number of
// processors.
func TestSameSeedSameTrace(t *testing.T) {
	const seeds = 3000
	hashes := [2][]uint64{make([]uint64, seeds), make([]uint64, seeds)}
	for round, processors := range []int{1, 2} {
		before := runtime.GOMAXPROCS(processors)
		Many(t.Context(), seeds, func(i int, o Options) {
			o.Hasty = true
			hashes[round][i] = Run(scenario.Draw(scenario.NewSeeded(uint64(i))), o).Hash
		})
		runtime.GOMAXPROCS(before)
	}
	different := map[uint64]bool{}
	for i := range seeds {
		if hashes[0][i] != hashes[1][i] {
			t.Errorf("seed %d gives two traces", i)
		}
		different[hashes[0][i]] = true
	}
	if len(different) < seeds*9/10 {
		t.Errorf("%d seeds give only %d traces", seeds, len(different))
	}
}

// TestTracesAndDiagramsAreWritten checks the text and the diagram of a run.
func TestTracesAndDiagramsAreWritten(t *testing.T) {
	s := sweepScenario()
	s.Faults = []scenario.Fault{{Class: scenario.Crash, Who: "n1", Event: 60}}
	out := Run(s, Options{Trace: true})
	var trace, diagram bytes.Buffer
	if err := out.Trace.Write(&trace); err != nil {
		t.Fatal(err)
	}
	if err := out.Trace.Diagram(&diagram); err != nil {
		t.Fatal(err)
	}
	for text, in := range map[string]*bytes.Buffer{
		"n1     FAULT crash":                 &trace,
		"sends REGISTER epoch":               &trace,
		"participant relay":                  &diagram,
		"Note over n1: FAULT crash":          &diagram,
		"c0->>relay: LOCATE":                 &diagram,
		"n0-)c0: 600000 bytes of content":    &diagram,
		"Note over relay: EVERYTHING HEALS":  &diagram,
		"c0->>n0: GET \"both\" content":      &diagram,
		"n0->>c0: CONTENT 600000 at 0 of 60": &diagram,
	} {
		if !bytes.Contains(in.Bytes(), []byte(text)) {
			t.Errorf("%q is missing in\n%s", text, in)
		}
	}
}
