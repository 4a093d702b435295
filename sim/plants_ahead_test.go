package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// unopened has a relay that says nothing to those that ask for a circuit.
func unopened(seed uint64) *scenario.Scenario {
	s := circuitLie("opening silence", scenario.Honest)
	s.Seed = seed
	return s
}

// aheadBugs are bugs in what a client asks for behind LOCATED.
var aheadBugs = []planted{
	{"a client asks for a circuit behind LOCATED to a node that is not named there", saying(fetchKind, func(in roles.Input, m protocol.Message) {
		heard, _ := in.(roles.Heard)
		_, located := heard.Message.(*protocol.Located)
		if circuit, is := m.(*protocol.Circuit); is && located {
			circuit.Node[0] ^= 1
		}
	}), []ID{S30, S10, S31, L3}, "a circuit", "", circuitScenario},
	{"a client waits for ever for the circuit that it has asked for behind LOCATED", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			_, state := b.Machine.(*client.Fetch).On(0)
			if fired, is := in.(roles.TimerFired); is && fired.Timer == 1 && state == string(client.QueryOpening) {
				return nil
			}
			return in
		}
	}), []ID{L1}, "a relay that does not answer CIRCUIT", "", unopened},
}
