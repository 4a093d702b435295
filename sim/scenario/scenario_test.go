package scenario

import (
	"reflect"
	"slices"
	"testing"
)

// TestPlansReadBack checks that Parse returns the scenario that Plan wrote.
func TestPlansReadBack(t *testing.T) {
	for seed := range uint64(2000) {
		s := Draw(NewSeeded(seed))
		back, err := Parse(s.Plan())
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, s.Plan())
		}
		if !reflect.DeepEqual(s, back) {
			t.Fatalf("seed %d reads back as\n%s\ninstead of\n%s", seed, back.Plan(), s.Plan())
		}
	}
}

func TestWhatIsNoPlanIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "seed 1", "heal", "heal soon", "heal 20s\nclients many", "heal 20s\nfile name a content 1 size 1",
		"heal 20s\nfault flood who n0", "heal 20s\nop haul who c0", "heal 20s\nweather fine", "heal 20s\nop fetch who c0 at 1s colour red", "heal 20s\nfault slow who n0",
		`heal 20s` + "\n" + `op fetch who c0 name "a`,
	} {
		if s, err := Parse(text); err == nil {
			t.Errorf("%q is read as\n%s", text, s.Plan())
		}
	}
}

// TestShrinkKeepsWhatTheFailureNeeds shrinks scenarios that fail by one fault and one fetch: only
// these remain.
func TestShrinkKeepsWhatTheFailureNeeds(t *testing.T) {
	shrunk := 0
	for seed := range uint64(300) {
		s := Draw(NewSeeded(seed))
		fails := func(s *Scenario) bool {
			return slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Class == Crash && f.Who == "relay" }) &&
				slices.ContainsFunc(s.Ops, func(o Op) bool { return o.Do == DoFetch })
		}
		if !fails(s) {
			continue
		}
		shrunk++
		before := s.Plan()
		small := Shrink(s, 1000, fails)
		if len(small.Faults) != 1 || len(small.Ops) != 1 || len(small.Nodes) != 0 || !fails(small) {
			t.Errorf("seed %d shrinks to\n%s", seed, small.Plan())
		}
		if s.Plan() != before {
			t.Errorf("seed %d: shrinking changes the scenario that it is given", seed)
		}
	}
	if shrunk == 0 {
		t.Error("no scenario was shrunk")
	}
}

// TestEachDrawIsAsTheSeedHasIt checks that a seed always gives the same scenario, and other seeds
// others.
func TestEachDrawIsAsTheSeedHasIt(t *testing.T) {
	plans := map[string]bool{}
	for seed := range uint64(1000) {
		plan := Draw(NewSeeded(seed)).Plan()
		if again := Draw(NewSeeded(seed)).Plan(); again != plan {
			t.Fatalf("seed %d gives two scenarios", seed)
		}
		plans[plan] = true
	}
	if len(plans) < 990 {
		t.Errorf("1000 seeds give %d scenarios", len(plans))
	}
}
