package scale

import (
	"strings"
	"testing"
	"time"
)

func TestTheTableHasARowForEachRestart(t *testing.T) {
	f := Figures{
		Nodes: 1000, For: 2 * time.Hour, Mean: 33.3, Largest: 50, Handed: 1000, Stale: 4,
		Returns: []Return{{Down: 5 * time.Second, Largest: 80, Took: 33 * time.Second}, {Down: time.Minute, Largest: 60, Took: 32 * time.Second}},
	}
	got := strings.Split(strings.TrimSpace(Table([]Figures{f}, []time.Duration{20 * time.Second})), "\n")
	if want := "| 1000 | 33.3 | 50 | 5s | 80 | 2.40 | 33.0 s | 0.40 % | 0.1 |"; len(got) != 4 || got[2] != want {
		t.Errorf("%q, where %q is expected third of four", got, want)
	}
	for _, row := range got {
		if strings.Count(row, "|") != strings.Count(got[0], "|") {
			t.Errorf("%q has not the columns of %q", row, got[0])
		}
	}
}
