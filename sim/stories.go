package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Stories are scenarios for what needs several things to fall together, too seldom for chance.
func Stories() []*Scenario {
	at := func(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
	reading := Fault{Class: Attack, At: at(1), Who: "n0", Name: "no-reading"}
	impatient := func(who string, first int, then ...Fault) []Fault {
		return append(then, Fault{Class: Graceful, At: at(first), Who: who}, Fault{Class: Graceful, At: at(first + 1), Who: who})
	}
	return []*Scenario{
		// A node that stops while a stalled reader has half of a file: it waits, and the reader goes, or never does.
		story(2*protocol.ProgressTimeout, Honest, impatient("n0", 2, reading)...),
		story(2*protocol.ProgressTimeout, Honest, impatient("n0", 2, reading, Fault{Class: Crash, At: at(5), Who: "x"})...),
		// A relay, and a node, that stop when they have already parted with somebody who does not read that.
		story(0, Honest, impatient("relay", 12, Fault{Class: Attack, At: at(1), Who: "relay", Name: "no-reading"})...),
		fileless(impatient("n0", 12, reading)...),
		// A node that is told to stop twice while the relay does not answer its LEAVE.
		story(0, "mute", impatient("n0", 5)...),
		// A user who asks for what no node may have.
		misnamed("../both"),
		// A client whose disk has no room left when it has to begin again with another node.
		stalled(Fault{Class: DiskFull, At: at(10), For: at(20), Who: "c0"}),
	}
}

func story(drain time.Duration, lie Lie, faults ...Fault) *Scenario {
	s := SweepScenario()
	s.Drain, s.Relay.Lie, s.Faults = drain, lie, faults
	return s
}

func fileless(faults ...Fault) *Scenario {
	s := story(0, Honest, faults...)
	s.Nodes[0].Files = nil
	return s
}

func misnamed(name string) *Scenario {
	s := story(0, Honest)
	s.Ops[0].Name = name
	return s
}

func stalled(fault Fault) *Scenario {
	s := story(0, Honest, fault)
	for i := range s.Nodes {
		s.Nodes[i].Lie = "stall"
	}
	return s
}
