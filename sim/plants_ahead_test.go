package sim

import (
	"time"

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

// aheadBugs are bugs in what a client asks for behind LOCATED, and in how a node waits for clients.
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
	{"a node that has lost a good link to its relay waits as long as after one that was not", around(memberKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			hungUp := false
			for i, e := range effects {
				if hangs, is := e.(roles.HangUp); is && hangs.Link == awaitLink {
					hungUp = true
				}
				if arm, is := e.(roles.Arm); is && arm.Timer == roles.Timer(awaitLink) && hungUp && arm.After <= roles.AwaitSoon {
					arm.After += roles.AwaitSoon + time.Second
					effects[i] = arm
				}
			}
			return effects
		}
	}), []ID{S30, L5}, "a leg that is reset once", "", resetLegs},
}
