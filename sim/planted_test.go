package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/sim/scenario"
)

// Each planted bug runs through attacks until it has been killed a few times, and then through a
// number of random scenarios; through more if it is rare.
const (
	plantedSeeds = 60
	mostSeeds    = 6000
	fewDeaths    = 3
)

// death is the result of a hunt for a planted bug.
type death struct {
	runs, kills int
	seed        int // the first random one; -1: an attack
	by          ID
	wrong       *Violation // by an invariant that is not listed for the bug
	first       *scenario.Scenario
	small       *scenario.Scenario
}

// TestEveryPlantedBugDies checks that the promises find each planted bug, and by an invariant that
// is listed for it.
func TestEveryPlantedBugDies(t *testing.T) {
	allDie(t, slices.Concat(clientBugs, contentBugs, nodeBugs, relayBugs, indexBugs, gatherBugs, loadBugs, patient, certainBugs, addressBugs, identityBugs, admissionBugs, reachBugs, turnBugs, circuitBugs, aheadBugs, dateBugs))
}

func allDie(t *testing.T, bugs []planted) {
	deaths := make([]death, len(bugs))
	Many(t.Context(), len(bugs), func(i int, o Options) { deaths[i] = hunt(&bugs[i], o) })
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-60s %8s %6s %4s %s\n", "bug", "killed", "seed", "by", "shrunk to")
	short := 0
	for i := range bugs {
		d := &deaths[i]
		if d.kills == 0 {
			t.Errorf("%q survived %d runs (it needs: %s)", bugs[i].name, d.runs, bugs[i].needs)
			continue
		}
		if d.wrong != nil {
			t.Errorf("%q was killed by an invariant that may not: %v", bugs[i].name, d.wrong)
		}
		if len(d.small.Faults) <= 2 && len(d.small.Ops) <= 2 {
			short++
		}
		fmt.Fprintf(&table, "%-60s %3d/%-4d %6d %4s %d nodes, %d operations, %d faults\n",
			bugs[i].name, d.kills, d.runs, d.seed, d.by, len(d.small.Nodes), len(d.small.Ops), len(d.small.Faults))
	}
	t.Log(table.String())
	if short*10 < len(bugs)*9 {
		t.Errorf("%d of %d bugs shrank to two operations and two faults", short, len(bugs))
	}
}

// hunt runs a bug through all attacks and through random scenarios.
func hunt(bug *planted, o Options) death {
	d := death{seed: -1}
	o.Plant = &bug.plant
	run := func(s *scenario.Scenario, seed int) {
		d.runs++
		v := Run(s, o).Violation
		switch {
		case v == nil:
			return
		case !slices.Contains(bug.kills, v.ID):
			if d.wrong == nil {
				d.wrong = v
			}
			return
		case d.kills == 0:
			d.by, d.seed, d.first = v.ID, seed, s
		}
		d.kills++
	}
	until := func(s *scenario.Scenario) {
		if d.kills < fewDeaths {
			run(s, -1)
		}
	}
	for seed := uint64(0); bug.story != nil && seed < 300; seed++ {
		until(bug.story(seed))
	}
	if bug.sweep != "" {
		eachSwept(bug.sweep, until)
	}
	eachAttack(until)
	for seed := 0; seed < plantedSeeds || d.kills == 0 && seed < mostSeeds; seed++ {
		run(scenario.Draw(scenario.NewSeeded(uint64(seed))), seed)
	}
	if d.first != nil {
		d.small = scenario.Shrink(d.first, 300, breaks(o, bug.kills...))
	}
	return d
}

// eachSwept calls f with the sweep's scenario under each fault of a class at each event.
func eachSwept(class scenario.Class, f func(s *scenario.Scenario)) {
	events := Run(sweepScenario(), Options{}).Faulty
	eachFault(sweepScenario(), func(fault scenario.Fault) {
		for event := 1; fault.Class == class && event <= events; event++ {
			s := sweepScenario()
			fault.Event = event
			s.Faults = []scenario.Fault{fault}
			f(s)
		}
	})
}
