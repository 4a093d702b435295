package sim

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// closedScenario is the sweep's, at a closed relay.
func closedScenario(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	s.Seed, s.Relay.Closed = seed, true
	s.Ops = append(s.Ops, scenario.Op{At: 2500 * time.Millisecond, Do: scenario.DoList, Who: "c0"}, scenario.Op{At: 3 * time.Second, Do: scenario.DoGather, Who: "c0"})
	return s
}

// enteringStories are stories of closed relays: with strangers, with relays that lie, and with each of
// some faults after each event of the time in which the hosts are admitted.
func enteringStories() (all []*scenario.Scenario) {
	for _, attack := range scenario.Entering() {
		all = append(all, entering(attack)(0))
	}
	lies := scenario.RelayLies
	for _, act := range []string{scenario.ActEnd, scenario.ActJunk, scenario.ActSilence} {
		lies = append(lies, scenario.Lie("say "+act))
	}
	for i := range protocol.Kinds {
		lies = append(lies, scenario.Lie("say "+protocol.Kinds[i].Name))
	}
	for _, lie := range lies {
		s := closedScenario(0)
		s.Relay.Lie = lie
		all = append(all, s)
	}
	all = append(all, entering("second ENTER")(0))
	for n := range 20 { // one link of a client after the other
		s := closedScenario(uint64(n))
		first := scenario.Fault{Class: scenario.Reset, Who: "c0", With: "relay", At: 900 * time.Millisecond, N: 50}
		second := first
		second.At = time.Second + time.Duration(n)*500*time.Microsecond
		s.Faults = []scenario.Fault{first, second}
		all = append(all, s)
	}
	for event := 1; event < 220; event += 3 {
		for _, f := range []scenario.Fault{
			{Class: scenario.Crash, Who: "relay", For: time.Second, N: event % 3}, {Class: scenario.PowerLoss, Who: "relay", For: time.Second},
			{Class: scenario.Graceful, Who: "relay", For: time.Second}, {Class: scenario.Graceful, Who: "n0", For: time.Second},
			{Class: scenario.DiskError, Who: "relay", For: time.Second}, {Class: scenario.Hang, Who: "relay", For: 30 * time.Second},
			{Class: scenario.Reset, Who: "n1", With: "relay"}, {Class: scenario.DiskHang, Who: "relay", For: 30 * time.Second, N: 30_000},
		} {
			s := closedScenario(uint64(event))
			f.Event = event
			s.Faults = []scenario.Fault{f}
			all = append(all, s)
		}
	}
	return all
}

// revoked is the story of a host that is revoked at an event, and admitted again.
func revoked(who string) func(seed uint64) *scenario.Scenario {
	return func(seed uint64) *scenario.Scenario {
		s := closedScenario(seed)
		s.Heal = 60 * time.Second
		s.Faults = []scenario.Fault{{Class: scenario.Revoke, Who: who, For: time.Duration(1+seed%20) * time.Second, Event: 1 + int(seed%300)}}
		return s
	}
}

// revokedStories are some of these.
func revokedStories() (all []*scenario.Scenario) {
	for seed := range uint64(300) {
		all = append(all, revoked("n0")(seed), revoked("c0")(seed))
	}
	return all
}

// entering returns the story of a stranger's attack at a closed relay.
func entering(attack string) func(seed uint64) *scenario.Scenario {
	return func(seed uint64) *scenario.Scenario {
		s := closedScenario(seed)
		s.Heal = patienceWithStrangers + 20*time.Second
		s.Faults = []scenario.Fault{{Class: scenario.Attack, At: 1500 * time.Millisecond, Who: "relay", Name: attack}}
		return s
	}
}

// crashed is the story of a closed relay that ends while it admits.
func crashed(seed uint64) *scenario.Scenario {
	s := closedScenario(seed)
	s.Faults = []scenario.Fault{{Class: scenario.Crash, Who: "relay", For: time.Second, Event: 1 + int(seed%60)}}
	return s
}

// admissionBugs are bugs in who is admitted.
var admissionBugs = []planted{
	{"a closed relay does not check the signature", around(sessionKind, unchecked), []ID{S24}, "", "", entering(scenario.EnterForged)},
	{"a signature counts on any link", around(sessionKind, unchecked), []ID{S24}, "", "", entering(scenario.EnterReplayed)},
	{"a token admits more keys than its uses", Plant{Generous: true}, []ID{S24}, "", "", entering(scenario.EnterSpent)},
	{"a member is told so before that is durable", Plant{Hasty: true}, []ID{S24}, "", "", crashed},
	{"a closed relay answers strangers", Plant{Open: true}, []ID{S24}, "", "", entering(scenario.EnterUnknown)},
	{"a closed relay goes on answering whom its owner has revoked", Plant{Lenient: true}, []ID{S24}, "", scenario.Revoke, revoked("n0")},
	{"the lease of a node that is revoked stays", Plant{Keeping: true}, []ID{S4}, "", scenario.Revoke, revoked("n0")},
}

// unchecked plants a session that takes any signature for good: it gets the right one in its place.
func unchecked(b *bugged) {
	var link roles.Opened
	b.before = func(in roles.Input) roles.Input {
		switch in := in.(type) {
		case roles.Opened:
			link = in
		case roles.Heard:
			if enter, is := in.Message.(*protocol.Enter); is {
				return roles.Heard{Link: in.Link, Message: inviteBy(enter.Token).Enter(link.Exporter, link.ID)}
			}
		}
		return in
	}
}

// TestEachStrangerIsDenied: whatever he tries, and those who are invited go on as if he were not there.
func TestEachStrangerIsDenied(t *testing.T) {
	for _, attack := range scenario.Entering() {
		for seed := range uint64(5) {
			result := Run(entering(attack)(seed), Options{})
			if result.Violation != nil {
				t.Fatalf("%s: %v", attack, result.Violation)
			}
			if result.Coverage.Counters[Stranger] < 3 || result.Coverage.Counters[Entered] < 3 {
				t.Errorf("%s: %d denied, %d entered", attack, result.Coverage.Counters[Stranger], result.Coverage.Counters[Entered])
			}
		}
	}
}

// TestEnterCostsNoRoundTrip: the requests behind it do not wait for its answer.
func TestEnterCostsNoRoundTrip(t *testing.T) {
	for what, kind := range map[string]machineKind{"REGISTERED": memberKind, "LOCATED": queryKind} {
		open := ofNodes(1, scenario.DoLocate, "a0", 1)
		closed := ofNodes(1, scenario.DoLocate, "a0", 1)
		closed.Relay.Closed = true
		if a, b := tripsOf(t, open, kind, what), tripsOf(t, closed, kind, what); len(a) == 0 || len(b) == 0 || a[0] != b[0] {
			t.Errorf("%s after %v round trips, and with an invite after %v", what, a, b)
		}
	}
}
