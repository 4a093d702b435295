package relay_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// proving returns a registry that has addresses proven, and a story about a session of it over a link that
// has proven the id of the sample node.
func proving(t *testing.T, budget relay.Budget) (*relay.Registry, *rolestest.Story) {
	t.Helper()
	registry := relay.NewRegistry(relay.Policy{Prove: true})
	return registry, provingAt(t, registry, budget, visitor)
}

func provingAt(t *testing.T, registry *relay.Registry, budget relay.Budget, from netip.AddrPort) *rolestest.Story {
	t.Helper()
	session := relay.NewSession(registry, &relay.Answers{})
	session.Prove(budget)
	s := rolestest.New(t, session, session.State)
	s.Tell(roles.Opened{Peer: from, ID: sampleNode()}, "Listening", "hear 0 first")
	return s
}

func sampleNode() protocol.PeerID {
	return rolestest.Sample(protocol.KindRegister).(*protocol.Register).ID
}

const grantedHere = "send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4000"

// handedOut returns how many nodes a client gets, and how many are withheld from it.
func handedOut(registry *relay.Registry, now time.Duration) (nodes, withheld int) {
	client := relay.From{Peer: netip.MustParseAddr("192.0.2.77"), Local: netip.MustParseAddr("192.0.2.1")}
	located := registry.Locate(roles.Moment{Now: now, Rand: 7}, client, &protocol.Locate{}).(*protocol.Located)
	return len(located.Peers), int(located.Withheld)
}

// TestANodeHearsWhetherItCanBeReached: the relay dials the port that it has declared, at the address that it
// comes from, expects its id, and closes.
func TestANodeHearsWhetherItCanBeReached(t *testing.T) {
	registry, s := proving(t, &relay.Proofs{})
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Waits(roles.ProbeTimeout)
	if nodes, withheld := handedOut(registry, 0); nodes != 1 || withheld != 0 {
		t.Errorf("while it is proven %d nodes are handed out, and %d withheld", nodes, withheld)
	}
	s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Idle", "halfclose 1", "discard 1", grantedHere+" reached=direct", "hear 0")
	s.Tell(roles.PeerEnded{Link: 1}, "Idle", "hangup 1")
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	if !s.Machine.Final() {
		t.Error("the session goes on")
	}
}

// TestANodeThatCannotBeReachedHearsWhy: it is leased, and not handed out.
func TestANodeThatCannotBeReachedHearsWhy(t *testing.T) {
	for code, reach := range map[protocol.Code]string{
		protocol.Refused: "refused", protocol.Unreachable: "timeout", protocol.WrongPeer: "wrong-peer", protocol.NoTLS: "wrong-peer",
	} {
		registry, s := proving(t, &relay.Proofs{})
		s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
		s.Tell(roles.Lost{Link: 1, Code: code}, "Idle", "hangup 1", grantedHere+" reached="+reach, "hear 0")
		if nodes, withheld := handedOut(registry, 0); nodes != 0 || withheld != 1 || registry.Active(0) != 1 {
			t.Errorf("%s: %d nodes are handed out, %d withheld, %d leased", code, nodes, withheld, registry.Active(0))
		}
	}
	_, s := proving(t, &relay.Proofs{})
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Ring("Idle", "hangup 1", grantedHere+" reached=timeout", "hear 0")
}

// TestWhoIsRevokedWhileItIsProvenIsNotListed: the link ends as it does at any request of a revoked peer.
func TestWhoIsRevokedWhileItIsProvenIsNotListed(t *testing.T) {
	for name, admitted := range map[string]protocol.Role{"revoked": 0, "a client from now on": protocol.ClientRole} {
		registry, g := relay.NewRegistry(relay.Policy{Prove: true}), gate{sampleNode(): protocol.BothRoles}
		session := relay.NewClosedSession(registry, &relay.Answers{}, g, rolestest.Node(9))
		session.Prove(&relay.Proofs{})
		s := rolestest.New(t, session, session.State)
		s.Tell(roles.Opened{Peer: visitor, ID: sampleNode()}, "Listening", "hear 0 first")
		s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
		g[sampleNode()] = admitted
		if admitted == 0 {
			s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Rejecting", "halfclose 1", "discard 1", deniedByRelay, "halfclose 0", "discard 0")
		} else {
			s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Idle", "halfclose 1", "discard 1", deniedByRelay, "hear 0")
		}
		if active := registry.Active(0); active != 0 {
			t.Errorf("%s: %d nodes are listed", name, active)
		}
	}
}

// TestARenewalDoesNotWaitForAProof: it is answered at once, and what is not proven is proven beside it, also
// when the node has ended the link.
func TestARenewalDoesNotWaitForAProof(t *testing.T) {
	registry, s := proving(t, &relay.Proofs{})
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Idle", "hangup 1", grantedHere+" reached=refused", "hear 0")
	renewed := "send 0 RENEWED ttl=90000 renew=30000 host=192.0.2.9 port=4000 reached="
	s.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle", renewed+"refused", "hear 0", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	if s.Machine.Final() {
		t.Fatal("the session has ended, and its proof is under way")
	}
	s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Closed", "halfclose 1", "discard 1")
	if nodes, _ := handedOut(registry, 0); nodes != 1 {
		t.Error("what has been proven is not handed out")
	}
	s.Ring("Closed", "hangup 1")
	if !s.Machine.Final() {
		t.Error("the session goes on")
	}
	again := provingAt(t, registry, &relay.Proofs{}, visitor)
	again.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle", renewed+"direct", "hear 0")
}

// TestANodeThatMovesIsProvenAnew: at its new address, and until then it comes last.
func TestANodeThatMovesIsProvenAnew(t *testing.T) {
	turns := &relay.Proofs{}
	registry, s := proving(t, turns)
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Idle", "halfclose 1", "discard 1", grantedHere+" reached=direct", "hear 0")
	moved := provingAt(t, registry, turns, netip.MustParseAddrPort("192.0.2.10:5000"))
	moved.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle",
		"send 0 RENEWED ttl=90000 renew=30000 host=192.0.2.10 port=4000 reached=pending", "hear 0", "dial 1 192.0.2.10:4000 expects 01")
	moved.Tell(roles.Lost{Link: 1, Code: protocol.Timeout}, "Idle", "hangup 1")
	if nodes, withheld := handedOut(registry, 0); nodes != 0 || withheld != 1 {
		t.Errorf("%d nodes are handed out, %d withheld", nodes, withheld)
	}
	other := provingAt(t, registry, turns, netip.MustParseAddrPort("[2001:db8::9]:5000"))
	other.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle",
		"send 0 RENEWED ttl=90000 renew=30000 host=2001:db8::9 port=4000 also=192.0.2.10 reached=pending,timeout", "hear 0",
		"dial 1 [2001:db8::9]:4000 expects 01")
	other.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Idle", "halfclose 1", "discard 1")
	if nodes, withheld := handedOut(registry, 0); nodes != 1 || withheld != 0 {
		t.Errorf("one address of two can be reached: %d nodes are handed out, %d withheld", nodes, withheld)
	}
}

// TestAResultForAnEarlierRegistrationIsDropped: and so is one for an address where the node is no longer.
func TestAResultForAnEarlierRegistrationIsDropped(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{Prove: true})
	from := relay.From{Peer: visitor.Addr(), ID: sampleNode()}
	m := *rolestest.Sample(protocol.KindRegister).(*protocol.Register)
	for m.Epoch = 1; m.Epoch <= 2; m.Epoch++ {
		registry.Register(roles.Moment{}, from, &m)
	}
	here := netip.AddrPortFrom(visitor.Addr(), m.Port)
	for name, proof := range map[string]relay.Proof{
		"of an earlier epoch":          {ID: m.ID, Epoch: 1, At: here},
		"of another address":           {ID: m.ID, Epoch: 2, At: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.10"), m.Port)},
		"of another port":              {ID: m.ID, Epoch: 2, At: netip.AddrPortFrom(visitor.Addr(), m.Port+1)},
		"of another id":                {ID: rolestest.Node(9), Epoch: 2, At: here},
		"of the family that is absent": {ID: m.ID, Epoch: 2, At: netip.MustParseAddrPort("[2001:db8::9]:4000")},
	} {
		if proof.Reach = protocol.ReachRefused; registry.Proved(roles.Moment{}, proof).Reach != 0 {
			t.Errorf("a result %s counts", name)
		}
	}
	if nodes, withheld := handedOut(registry, 0); nodes != 1 || withheld != 0 {
		t.Errorf("%d nodes are handed out, %d withheld", nodes, withheld)
	}
	if got := registry.Proved(roles.Moment{}, relay.Proof{ID: m.ID, Epoch: 2, At: here, Reach: protocol.ReachRefused}).Reach; got != protocol.ReachRefused {
		t.Errorf("the result of the lease is %s", got)
	}
	if got := registry.Proved(roles.Moment{Now: roles.LeaseTTL}, relay.Proof{ID: m.ID, Epoch: 2, At: here, Reach: protocol.ReachDirect}).Reach; got != 0 {
		t.Errorf("of a lease that has lapsed the result is %s", got)
	}
}

// TestWhatIsNotProvenYetComesLast: of those that may have a file, behind the others.
func TestWhatIsNotProvenYetComesLast(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{Prove: true})
	for n := 1; n <= 9; n++ {
		id, at := rolestest.Node(byte(n)), netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), 4000)
		registry.Register(roles.Moment{}, relay.From{Peer: at.Addr(), ID: id}, &protocol.Register{ID: id, Epoch: 1, Port: 4000})
		if n%3 == 0 {
			registry.Proved(roles.Moment{}, relay.Proof{ID: id, Epoch: 1, At: at, Reach: protocol.ReachDirect})
		}
	}
	client := relay.From{Peer: netip.MustParseAddr("192.0.2.77")}
	for random := range uint64(20) {
		located := registry.Locate(roles.Moment{Rand: random * 0x9e3779b97f4a7c15}, client, &protocol.Locate{Name: "a"}).(*protocol.Located)
		if len(located.Peers) != 9 {
			t.Fatalf("%d of 9 nodes are handed out", len(located.Peers))
		}
		for i := range located.Peers {
			if proven := located.Peers[i].Host[3]%3 == 0; proven != (i < 3) {
				t.Fatalf("number %d is %s", i, located.Peers[i].Addr())
			}
		}
	}
}

// TestAnAddressMeansTheSameMachineToThoseWhoGetIt: a private one those of the same site.
func TestAnAddressMeansTheSameMachineToThoseWhoGetIt(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{})
	id := rolestest.Node(1)
	registry.Register(roles.Moment{}, relay.From{Peer: netip.MustParseAddr("172.17.0.2"), ID: id}, &protocol.Register{ID: id, Epoch: 1, Port: 4000})
	for peer, gets := range map[string]bool{"172.17.0.3": true, "172.17.0.2": true, "172.18.0.2": false, "8.8.8.8": false, "10.0.0.1": false, "2a00::1": true} {
		located := registry.Locate(roles.Moment{}, relay.From{Peer: netip.MustParseAddr(peer)}, &protocol.Locate{}).(*protocol.Located)
		if (len(located.Peers) == 1) != gets || (located.Withheld == 0) != gets {
			t.Errorf("a client at %s gets %d nodes, and %d are withheld", peer, len(located.Peers), located.Withheld)
		}
	}
}

// TestManyProofsAreUnderWayAtOnceAndNoMore: what waits gets its turn, or is told that this is pending.
func TestManyProofsAreUnderWayAtOnceAndNoMore(t *testing.T) {
	turns := &relay.Proofs{}
	at := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}) }
	now := roles.Moment{}
	newcomers := roles.MaxProbes * 3 / 4
	for n := range newcomers {
		if turn := turns.Take(now, at(n), false); turn != relay.Now {
			t.Fatalf("proof %d has turn %d", n, turn)
		}
	}
	if turn := turns.Take(now, at(200), false); turn != relay.Later {
		t.Errorf("above %d the turn of a newcomer is %d", newcomers, turn)
	}
	if turn := turns.Take(now, at(200), true); turn != relay.Later {
		t.Errorf("above %d the turn of one that failed is %d", newcomers, turn)
	}
	turns.Give(now, at(0), protocol.ReachDirect)
	if turn := turns.Take(now, at(200), false); turn != relay.Now {
		t.Errorf("a turn that is given back is not taken: %d", turn)
	}
	if turn := turns.Take(now, at(0), false); turn != relay.Now {
		t.Errorf("one that was proven before has no turn among the rest: %d", turn)
	}
	if turn := turns.Take(now, at(0), false); turn != relay.Behind {
		t.Errorf("an address has two turns at once: %d", turn)
	}
	for range roles.MaxProbes - turns.UnderWay() {
		if turn := turns.Take(now, netip.MustParseAddr("127.0.0.1"), true); turn != relay.Now {
			t.Fatalf("loopback has turn %d", turn)
		}
	}
	if turn := turns.Take(now, netip.MustParseAddr("127.0.0.1"), false); turn != relay.Later || turns.UnderWay() != roles.MaxProbes {
		t.Errorf("%d proofs are under way, and the next has turn %d", turns.UnderWay(), turn)
	}
}

// TestFailedProofsAreFew: an address has so many in a minute, and of IPv6 a /56 counts as one.
func TestFailedProofsAreFew(t *testing.T) {
	for _, addr := range [][2]string{{"203.0.113.7", "203.0.113.7"}, {"2a00:1:2:3400::1", "2a00:1:2:34ff::2"}} {
		turns, now := &relay.Proofs{}, roles.Moment{Now: time.Hour}
		one, other := netip.MustParseAddr(addr[0]), netip.MustParseAddr(addr[1])
		for n := range roles.MaxFailedProbes {
			if turn := turns.Take(now, one, n > 0); turn != relay.Now {
				t.Fatalf("%s: proof %d has turn %d", one, n, turn)
			}
			turns.Give(now, one, protocol.ReachTimeout)
			now.Now += time.Second
		}
		if turn := turns.Take(now, other, false); turn != relay.Spent {
			t.Errorf("%s: after %d failures there is turn %d", other, roles.MaxFailedProbes, turn)
		}
		now.Now = time.Hour + roles.ProbeSpan
		if turn := turns.Take(now, other, false); turn != relay.Now {
			t.Errorf("%s: a minute later there is turn %d", other, turn)
		}
	}
}

// TestWhatIsRememberedOfProofsIsBounded: above that nobody new is dialed, until the others are forgotten.
func TestWhatIsRememberedOfProofsIsBounded(t *testing.T) {
	turns, now := &relay.Proofs{}, roles.Moment{Now: time.Hour}
	addr := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{100, byte(n >> 16), byte(n >> 8), byte(n)}) }
	for n := range roles.MaxProbed {
		turns.Take(now, addr(n), false)
		turns.Give(now, addr(n), protocol.ReachTimeout)
	}
	if turn := turns.Take(now, addr(roles.MaxProbed), false); turn != relay.Spent {
		t.Errorf("one address more has turn %d", turn)
	}
	now.Now += roles.ProbeSpan
	if turn := turns.Take(now, addr(roles.MaxProbed), false); turn != relay.Now {
		t.Errorf("when the failures are forgotten it has turn %d", turn)
	}
}

// turnless never gives a turn, or says that there will be one soon.
type turnless struct{ turn relay.Permit }

func (t turnless) Take(roles.Moment, netip.Addr, bool) relay.Permit { return t.turn }
func (turnless) Give(roles.Moment, netip.Addr, protocol.Reach)      {}

// TestARegistrationDoesNotWaitForeverForItsTurn: for ProbePatience, and then it is told that this is pending.
func TestARegistrationDoesNotWaitForeverForItsTurn(t *testing.T) {
	_, s := proving(t, turnless{relay.Later})
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Unproven")
	s.Waits(roles.ProbeRetry / 4)
	for s.At.Now < roles.ProbePatience-roles.ProbeRetry {
		s.Ring("Unproven")
	}
	s.Ring("Idle", grantedHere+" reached=pending", "hear 0")
	if s.At.Now < roles.ProbePatience || s.At.Now >= roles.ProbePatience+roles.ProbeRetry {
		t.Errorf("after %v", s.At.Now)
	}
	_, s = proving(t, turnless{relay.Spent})
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Idle", grantedHere+" reached=queued", "hear 0")
}

// TestAStopEndsAProof: at once, whoever waits for it, and its turn is another's.
func TestAStopEndsAProof(t *testing.T) {
	turns := &relay.Proofs{}
	_, s := proving(t, turns)
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.Stopped{}, "Rejecting", "hangup 1", "send 0 ERROR draining by relay", "halfclose 0", "discard 0")
	if turns.UnderWay() != 0 {
		t.Error("the turn was not given back")
	}
	_, s = proving(t, turns)
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.Lost{Code: protocol.Lost}, "Closed", "hangup 0")
	s.Tell(roles.Stopped{}, "Closed", "hangup 1")
	if turns.UnderWay() != 0 || !s.Machine.Final() {
		t.Errorf("%d turns are taken; final: %v", turns.UnderWay(), s.Machine.Final())
	}
}

// TestALeaseDoesNotLapseWhileItIsProven: a short one is proven within the half of it, and runs from its answer on.
func TestALeaseDoesNotLapseWhileItIsProven(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{Prove: true, TTL: 3 * time.Second})
	s := provingAt(t, registry, &relay.Proofs{}, visitor)
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Waits(1500 * time.Millisecond)
	s.Ring("Idle", "hangup 1", "send 0 REGISTERED ttl=3000 renew=1000 host=192.0.2.9 port=4000 reached=timeout", "hear 0")
	if leases := registry.Leases(s.At.Now); len(leases) != 1 || leases[0].Until != s.At.Now+3*time.Second {
		t.Errorf("%+v", leases)
	}
	s = provingAt(t, registry, turnless{relay.Later}, visitor)
	again := *rolestest.Sample(protocol.KindRegister).(*protocol.Register)
	again.Epoch = 2
	s.Hear(0, &again, "Unproven")
	for s.At.Now < 750*time.Millisecond-roles.ProbeRetry {
		s.Ring("Unproven")
	}
	s.Ring("Idle", "send 0 REGISTERED ttl=3000 renew=1000 host=192.0.2.9 port=4000 reached=pending", "hear 0")
	if leases := registry.Leases(s.At.Now); len(leases) != 1 || leases[0].Until != s.At.Now+3*time.Second {
		t.Errorf("%+v", leases)
	}
}

// TestAProofCountsForTheRegistrationThatItIsAbout: a node that registers with another port while the port before is being
// proven has proven nothing of the new one, and each proof gives back the permit that it has taken.
func TestAProofCountsForTheRegistrationThatItIsAbout(t *testing.T) {
	turns := &relay.Proofs{}
	registry, s := proving(t, turns)
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Idle", "hangup 1", grantedHere+" reached=refused", "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle",
		"send 0 RENEWED ttl=90000 renew=30000 host=192.0.2.9 port=4000 reached=refused", "hear 0", "dial 1 192.0.2.9:4000 expects 01")
	again := *rolestest.Sample(protocol.KindRegister).(*protocol.Register)
	again.Epoch, again.Port = again.Epoch+1, 4001
	s.Hear(0, &again, "Unproven")
	s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Unproven", "halfclose 1", "discard 1")
	if leases := registry.Leases(s.At.Now); len(leases) != 1 || leases[0].At.Port() != 4001 || leases[0].Reach != protocol.ReachPending {
		t.Errorf("what has answered is another port: %+v", leases)
	}
	s.Tell(roles.PeerEnded{Link: 1}, "Unproven", "hangup 1")
	s.Ring("Proving", "dial 1 192.0.2.9:4001 expects 01")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Idle", "hangup 1",
		"send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4001 reached=refused", "hear 0")
	if turns.UnderWay() != 0 {
		t.Errorf("%d proofs are under way", turns.UnderWay())
	}
}

// TestWhoAdvertisesWhereItIsSeenIsProven: where nobody is believed that word names no other address. The relay dials
// it for nobody who asks from elsewhere.
func TestWhoAdvertisesWhereItIsSeenIsProven(t *testing.T) {
	registry, s := proving(t, &relay.Proofs{})
	m := *rolestest.Sample(protocol.KindRegister).(*protocol.Register)
	m.Advertise = protocol.IPOf(visitor.Addr())
	s.Hear(0, &m, "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Idle", "hangup 1", grantedHere+" reached=refused", "hear 0")
	if nodes, withheld := handedOut(registry, 0); nodes != 0 || withheld != 1 {
		t.Errorf("%d nodes are handed out, %d withheld", nodes, withheld)
	}
	renewed := "send 0 RENEWED ttl=90000 renew=30000 host=192.0.2.9 port=4000 reached=refused"
	elsewhere := provingAt(t, registry, &relay.Proofs{}, netip.MustParseAddrPort("192.0.2.10:5000"))
	elsewhere.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle", renewed, "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle", renewed, "hear 0", "dial 1 192.0.2.9:4000 expects 01")

	believes := relay.NewRegistry(relay.Policy{Prove: true, AllowAdvertise: true})
	s = provingAt(t, believes, &relay.Proofs{}, visitor)
	s.Hear(0, &m, "Idle", grantedHere, "hear 0")
}

// TestAProofThatIsDroppedSaysNothing: a node whose lease has ended meanwhile is not told that nobody finds out.
func TestAProofThatIsDroppedSaysNothing(t *testing.T) {
	registry, s := proving(t, &relay.Proofs{})
	m := rolestest.Sample(protocol.KindRegister).(*protocol.Register)
	s.Hear(0, m, "Proving", "dial 1 192.0.2.9:4000 expects 01")
	registry.Leave(roles.Moment{}, &protocol.Leave{ID: m.ID, Epoch: m.Epoch})
	s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Idle", "halfclose 1", "discard 1", grantedHere+" reached=pending", "hear 0")
}

// TestADeadlineOfAnEarlierProofEndsNoLaterOne: it was on its way when that proof came to its end.
func TestADeadlineOfAnEarlierProofEndsNoLaterOne(t *testing.T) {
	_, s := proving(t, &relay.Proofs{})
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Idle", "hangup 1", grantedHere+" reached=refused", "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle",
		"send 0 RENEWED ttl=90000 renew=30000 host=192.0.2.9 port=4000 reached=refused", "hear 0", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.TimerFired{Timer: 1, Number: 1}, "Idle")
	s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Idle", "halfclose 1", "discard 1")
}

// TestOnlyWhatIsDialedIsRemembered: addresses that wait in vain take no room from others.
func TestOnlyWhatIsDialedIsRemembered(t *testing.T) {
	turns, now := &relay.Proofs{}, roles.Moment{Now: time.Hour}
	addr := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{100, byte(n >> 16), byte(n >> 8), byte(n)}) }
	under := 0
	for turns.Take(now, addr(under), false) == relay.Now {
		under++
	}
	for n := range 2 * roles.MaxProbed {
		if turn := turns.Take(now, addr(under+n), false); turn != relay.Later {
			t.Fatalf("number %d has turn %d", n, turn)
		}
	}
	turns.Give(now, addr(0), protocol.ReachDirect)
	if turn := turns.Take(now, addr(3*roles.MaxProbed), false); turn != relay.Now {
		t.Errorf("another one has turn %d", turn)
	}
}

// TestAProofIsUnderWayUntilItsLinkHasEnded: a node that does not close keeps the place of others no longer than CloseTimeout, and
// there are no more links than places.
func TestAProofIsUnderWayUntilItsLinkHasEnded(t *testing.T) {
	budget := &relay.Proofs{}
	_, s := proving(t, budget)
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Idle", "halfclose 1", "discard 1", grantedHere+" reached=direct", "hear 0")
	if n := budget.UnderWay(); n != 1 {
		t.Errorf("%d are under way while the link is closing", n)
	}
	s.Waits(roles.CloseTimeout)
	s.Ring("Idle", "hangup 1")
	if n := budget.UnderWay(); n != 0 {
		t.Errorf("%d are under way", n)
	}
}

// TestOneAddressHandsOutNoMoreThanIsProven: while others of it come first, or too many have failed, a node there is
// not handed out, and is proven beside a renewal.
func TestOneAddressHandsOutNoMoreThanIsProven(t *testing.T) {
	budget := &relay.Proofs{}
	registry, first := proving(t, budget)
	first.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	session := relay.NewSession(registry, &relay.Answers{})
	session.Prove(budget)
	second := rolestest.New(t, session, session.State)
	id := rolestest.Node(2)
	second.Tell(roles.Opened{Peer: visitor, ID: id}, "Listening", "hear 0 first")
	second.Hear(0, &protocol.Register{ID: id, Epoch: 1, Port: 4001}, "Unproven")
	for second.At.Now+roles.ProbeRetry < roles.ProbePatience {
		second.Ring("Unproven")
	}
	second.Ring("Idle", "send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4001 reached=queued", "hear 0")
	if nodes, withheld := handedOut(registry, second.At.Now); nodes != 1 || withheld != 1 {
		t.Errorf("%d nodes are handed out, %d withheld", nodes, withheld)
	}
	first.At = second.At
	first.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Idle", "halfclose 1", "discard 1", grantedHere+" reached=direct", "hear 0")
	first.Tell(roles.PeerEnded{Link: 1}, "Idle", "hangup 1") // until then its link is one of those that a relay may have so
	second.Hear(0, &protocol.Renew{ID: id, Epoch: 1}, "Idle",
		"send 0 RENEWED ttl=90000 renew=30000 host=192.0.2.9 port=4001 reached=queued", "hear 0", "dial 1 192.0.2.9:4001 expects 02")
	second.Tell(roles.Opened{Link: 1, ID: id}, "Idle", "halfclose 1", "discard 1")
	if nodes, withheld := handedOut(registry, second.At.Now); nodes != 2 || withheld != 0 {
		t.Errorf("%d nodes are handed out, %d withheld", nodes, withheld)
	}
}

// TestWhatCouldBeReachedIsProvenAgainNowAndThen: one failure makes it come last, and the next one tells.
func TestWhatCouldBeReachedIsProvenAgainNowAndThen(t *testing.T) {
	budget := &relay.Proofs{}
	registry, s := proving(t, budget)
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Idle", "halfclose 1", "discard 1", grantedHere+" reached=direct", "hear 0")
	s.Tell(roles.PeerEnded{Link: 1}, "Idle", "hangup 1")
	dialed := 0
	for random := range uint64(roles.ProveAgain) {
		s.At.Rand = random
		for _, e := range s.Machine.Step(s.At, roles.Heard{Message: rolestest.Sample(protocol.KindRenew)}) {
			if _, is := e.(roles.Dial); is {
				dialed++
				s.Machine.Step(s.At, roles.Lost{Link: 1, Code: protocol.Timeout})
			}
		}
		if dialed > 0 {
			break
		}
	}
	s.At.Rand = 0
	if nodes, withheld := handedOut(registry, 0); dialed != 1 || nodes != 1 || withheld != 0 {
		t.Errorf("after %d proofs that failed %d nodes are handed out, %d withheld", dialed, nodes, withheld)
	}
	s.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle",
		"send 0 RENEWED ttl=90000 renew=30000 host=192.0.2.9 port=4000 reached=pending", "hear 0", "dial 1 192.0.2.9:4000 expects 01")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Timeout}, "Idle", "hangup 1")
	if nodes, withheld := handedOut(registry, 0); nodes != 0 || withheld != 1 {
		t.Errorf("after the second one %d nodes are handed out, %d withheld", nodes, withheld)
	}
}
