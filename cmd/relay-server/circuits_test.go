package main

import (
	"testing"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// TestTheFlagsOfCircuits: 0 is none at all, none is no limit, and what is not given is the default of an open or a closed
// relay.
func TestTheFlagsOfCircuits(t *testing.T) {
	open, closed := peer.OpenCircuits, peer.ClosedCircuits
	with := func(limits peer.CircuitLimits, change func(*peer.CircuitLimits)) *peer.CircuitLimits {
		change(&limits)
		return &limits
	}
	for _, c := range []struct {
		flags  circuitFlags
		closed bool
		want   *peer.CircuitLimits // nil: the default of the library
	}{
		{circuitFlags{}, false, nil},
		{circuitFlags{all: "0"}, false, with(open, func(l *peer.CircuitLimits) { l.Circuits = 0 })},
		{circuitFlags{all: "7", from: "2"}, true, with(closed, func(l *peer.CircuitLimits) { l.Circuits, l.CircuitsFrom = 7, 2 })},
		{circuitFlags{bytes: "none", rate: "1.5M"}, false, with(open, func(l *peer.CircuitLimits) { l.BytesFrom, l.Rate = peer.NoCircuitLimit, 3<<19 })},
		{circuitFlags{rate: "8K"}, false, with(open, func(l *peer.CircuitLimits) { l.Rate = roles.LeastUploadRate })},
		{circuitFlags{rate: "0"}, true, with(closed, func(l *peer.CircuitLimits) { l.Rate = 0 })},
		{circuitFlags{awaits: "10000"}, false, with(open, func(l *peer.CircuitLimits) { l.Awaits = 10000 })},
		{circuitFlags{bytes: "0", from: "none"}, false, with(open, func(l *peer.CircuitLimits) { l.BytesFrom, l.CircuitsFrom = 0, roles.MaxLinks })},
	} {
		got, err := c.flags.limits(c.closed)
		if err != nil || (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%+v: %+v, %v", c.flags, got, err)
		}
	}
	for _, bad := range []circuitFlags{{all: "some"}, {all: "-1"}, {from: "1.5"}, {bytes: "1X"}, {rate: "-5"}, {rate: "1"}, {rate: "8191"}, {awaits: "0"}, {awaits: "00"}, {awaits: "many"}} {
		if got, err := bad.limits(false); err == nil {
			t.Errorf("%+v: %+v", bad, got)
		}
	}
}
