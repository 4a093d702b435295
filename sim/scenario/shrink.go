package scenario

import (
	"slices"
	"time"
)

// Shrink returns the smallest scenario it finds that still fails. It removes parts and simplifies
// numbers as long as that helps, and calls fails at most budget times.
func Shrink(s *Scenario, budget int, fails func(*Scenario) bool) *Scenario {
	sh := &shrinker{best: s, budget: budget, fails: fails}
	for again := true; again && sh.budget > 0; {
		again = sh.round()
	}
	return sh.best
}

type shrinker struct {
	best   *Scenario
	budget int
	fails  func(*Scenario) bool
}

// try keeps a change if the scenario still fails with it.
func (sh *shrinker) try(change func(s *Scenario)) bool {
	if sh.budget <= 0 {
		return false
	}
	sh.budget--
	s := sh.best.clone()
	change(s)
	if !sh.fails(s) {
		return false
	}
	sh.best = s
	return true
}

func (s *Scenario) clone() *Scenario {
	c := *s
	c.Ops, c.Faults, c.Nodes = slices.Clone(s.Ops), slices.Clone(s.Faults), slices.Clone(s.Nodes)
	for i := range c.Nodes {
		c.Nodes[i].Files = slices.Clone(c.Nodes[i].Files)
	}
	return &c
}

func (sh *shrinker) round() bool {
	helped := false
	for i := len(sh.best.Faults) - 1; i >= 0; i-- {
		helped = sh.try(func(s *Scenario) { s.Faults = slices.Delete(s.Faults, i, i+1) }) || helped
	}
	for i := len(sh.best.Ops) - 1; i >= 0; i-- {
		helped = sh.try(func(s *Scenario) { s.Ops = slices.Delete(s.Ops, i, i+1) }) || helped
	}
	for i := len(sh.best.Nodes) - 1; i >= 0; i-- {
		helped = sh.try(func(s *Scenario) { s.dropNode(i) }) || helped
	}
	for i := range sh.best.Nodes {
		for j := len(sh.best.Nodes[i].Files) - 1; j >= 0; j-- {
			helped = sh.try(func(s *Scenario) { s.Nodes[i].Files = slices.Delete(s.Nodes[i].Files, j, j+1) }) || helped
		}
	}
	return sh.simplify() || helped
}

// simplify replaces unusual values by usual ones.
func (sh *shrinker) simplify() bool {
	helped := false
	better := func(worth bool, change func(s *Scenario)) {
		if worth {
			helped = sh.try(change) || helped
		}
	}
	b := sh.best
	better(b.Relay != Relay{}, func(s *Scenario) { s.Relay = Relay{} })
	better(b.Relay.Page != 0, func(s *Scenario) { s.Relay.Page = 0 })
	better(b.Relay.Entries != 0, func(s *Scenario) { s.Relay.Entries = 0 })
	better(b.Relay.Lists != 0, func(s *Scenario) { s.Relay.Lists = 0 })
	better(b.Relay.Both, func(s *Scenario) { s.Relay.Both = false })
	better(b.Relay.Circuits, func(s *Scenario) { s.Relay.Circuits = false })
	better(b.Relay.Ways != 0, func(s *Scenario) { s.Relay.Ways = 0 })
	better(b.Relay.Passes != 0, func(s *Scenario) { s.Relay.Passes = 0 })
	better(b.Relay.Pace != 0, func(s *Scenario) { s.Relay.Pace = 0 })
	better(b.Relay.Unproven, func(s *Scenario) { s.Relay.Unproven = false })
	better(b.Relay.Closed, func(s *Scenario) { s.Relay.Closed = false })
	better(b.Relay.Plain, func(s *Scenario) { s.Relay.Plain = false })
	better(b.Relay.Drift != 0, func(s *Scenario) { s.Relay.Drift = 0 })
	for i := range b.Nodes {
		n := &b.Nodes[i]
		better(n.Lie != Honest, func(s *Scenario) { s.Nodes[i].Lie = Honest })
		better(n.Drift != 0, func(s *Scenario) { s.Nodes[i].Drift = 0 })
		better(n.Start != 0, func(s *Scenario) { s.Nodes[i].Start = 0 })
		better(n.Both, func(s *Scenario) { s.Nodes[i].Both = false })
		better(n.Walled, func(s *Scenario) { s.Nodes[i].Walled = false })
		better(n.Uploads != 0, func(s *Scenario) { s.Nodes[i].Uploads = 0 })
		better(n.Quiet, func(s *Scenario) { s.Nodes[i].Quiet = false })
		better(n.ID != i, func(s *Scenario) { s.Nodes[i].ID = i })
	}
	for i := range b.Ops {
		better(b.Ops[i].Sources > 1, func(s *Scenario) { s.Ops[i].Sources = 0 })
		better(b.Ops[i].Pin != 0, func(s *Scenario) { s.Ops[i].Pin = 0 })
		better(b.Ops[i].Once, func(s *Scenario) { s.Ops[i].Once = false })
		better(b.Ops[i].At%time.Second != 0, func(s *Scenario) { s.Ops[i].At = s.Ops[i].At.Truncate(time.Second) })
	}
	for i := range b.Faults {
		mildest := b.Faults[i].Class.Info().mildest()
		better(b.Faults[i].N != mildest, func(s *Scenario) { s.Faults[i].N = mildest })
		better(b.Faults[i].At%time.Second != 0, func(s *Scenario) { s.Faults[i].At = s.Faults[i].At.Truncate(time.Second) })
	}
	better(b.Behind, func(s *Scenario) { s.Behind = false })
	better(b.Clients > 1, func(s *Scenario) { s.Clients = 1; s.retarget("c", 1, "c0") })
	better(b.Heal > 20*time.Second, func(s *Scenario) { s.Heal = 20 * time.Second })
	return helped
}

// dropNode removes a node, with its operations and faults, and renumbers the later nodes.
func (s *Scenario) dropNode(gone int) {
	s.Nodes = slices.Delete(s.Nodes, gone, gone+1)
	name := NodeName(gone)
	s.Ops = slices.DeleteFunc(s.Ops, func(o Op) bool { return o.Who == name })
	s.Faults = slices.DeleteFunc(s.Faults, func(f Fault) bool { return f.Who == name || f.With == name })
	for i := gone; i < len(s.Nodes); i++ {
		s.rename(NodeName(i+1), NodeName(i))
	}
}

func (s *Scenario) retarget(prefix string, from int, to string) {
	for i := from; i < 10; i++ {
		s.rename(prefix+string(rune('0'+i)), to)
	}
}

func (s *Scenario) rename(from, to string) {
	for i := range s.Ops {
		if s.Ops[i].Who == from {
			s.Ops[i].Who = to
		}
	}
	for i := range s.Faults {
		if s.Faults[i].Who == from {
			s.Faults[i].Who = to
		}
		if s.Faults[i].With == from {
			s.Faults[i].With = to
		}
	}
}
