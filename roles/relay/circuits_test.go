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

// ways are Circuits under test, at a time.
type ways struct {
	*relay.Circuits
	t  *testing.T
	at roles.Moment
}

func newWays(t *testing.T, change func(*relay.Limits)) *ways {
	limits := relay.OpenLimits
	if change != nil {
		change(&limits)
	}
	return &ways{newCircuits(limits), t, roles.Moment{}}
}

func (w *ways) later(d time.Duration) { w.at.Now += d }

// a host of the n-th network
func hostN(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{203, byte(n >> 16), byte(n >> 8), byte(n)})
}

// await has a node wait on a link, and returns the tickets that came at once.
func (w *ways) await(node byte, link uint64) relay.Waiting {
	w.t.Helper()
	is, refusal := w.Await(w.at, rolestest.Node(node), roles.HostOf(visitor.Addr()), link)
	if refusal != nil {
		w.t.Fatalf("node %d is refused: %s", node, refusal.Text)
	}
	return is
}

// ask asks for a circuit from an address.
func (w *ways) ask(node byte, from netip.Addr, before protocol.Ticket) (protocol.Message, uint64) {
	w.at.Rand++
	return w.Open(w.at, relay.From{Peer: from, ID: rolestest.Node(200)}, &protocol.Circuit{Node: rolestest.Node(node), Before: before})
}

func (w *ways) opens(node byte, from netip.Addr) *protocol.Opened {
	w.t.Helper()
	answer, _ := w.ask(node, from, protocol.Ticket{})
	opened, is := answer.(*protocol.Opened)
	if !is {
		w.t.Fatalf("a circuit is answered with %s", rolestest.Say(answer))
	}
	return opened
}

func (w *ways) refuses(node byte, from netip.Addr, code protocol.Code, retry time.Duration) {
	w.t.Helper()
	answer, wake := w.ask(node, from, protocol.Ticket{})
	refusal, is := answer.(*protocol.Error)
	if !is || refusal.Code != code || roles.Millis(refusal.Retry) != retry || wake != 0 {
		w.t.Fatalf("a circuit is answered with %s, wakes %d; want %s, retry after %v", rolestest.Say(answer), wake, code, retry)
	}
}

// joined opens a circuit to node 1, which waits on link 3, and has both ends join it: the client on link 11, the node on 12.
func (w *ways) joined(from netip.Addr) (circuit uint64, ticket protocol.Ticket) {
	w.t.Helper()
	w.await(1, 3)
	ticket = w.opens(1, from).Ticket
	come := w.Come(w.at, rolestest.Node(1), 3, false).Come
	if len(come) != 1 {
		w.t.Fatalf("%d invitations have come", len(come))
	}
	client, node := w.Join(w.at, 11, ticket), w.Join(w.at, 12, come[0].Ticket)
	if client.Both || !node.Both || node.Other != 11 || client.Circuit != node.Circuit || client.Side != relay.OfClient || node.Side != relay.OfNode {
		w.t.Fatalf("%+v and %+v", client, node)
	}
	return node.Circuit, ticket
}

// last returns what a client hears of the circuit before.
func (w *ways) last(before protocol.Ticket) (protocol.Code, uint64) {
	w.t.Helper()
	w.await(1, 3)
	answer, _ := w.ask(1, hostN(9999), before)
	opened, is := answer.(*protocol.Opened)
	if !is {
		w.t.Fatal(rolestest.Say(answer))
	}
	return opened.Last, opened.LastBytes
}

func (w *ways) counts(awaits, circuits int) {
	w.t.Helper()
	if a, c := w.Counts(); a != awaits || c != circuits {
		w.t.Fatalf("%d nodes wait and %d circuits are open, want %d and %d", a, c, awaits, circuits)
	}
}

// TestAnInvitationComesOnceToTheNodeThatWaits, and wakes its link only while it waits.
func TestAnInvitationComesOnceToTheNodeThatWaits(t *testing.T) {
	w := newWays(t, nil)
	w.refuses(1, hostN(1), protocol.Unreachable, 0)
	w.await(1, 3)
	if _, wake := w.ask(1, hostN(1), protocol.Ticket{}); wake != 3 {
		t.Fatalf("link %d is woken", wake)
	}
	if come := w.Come(w.at, rolestest.Node(1), 3, false).Come; len(come) != 1 {
		t.Fatalf("%d have come", len(come))
	}
	if come := w.Come(w.at, rolestest.Node(1), 3, false).Come; len(come) != 0 {
		t.Fatal("one has come again")
	}
	if _, wake := w.ask(1, hostN(1), protocol.Ticket{}); wake != 0 {
		t.Fatalf("link %d is woken, and does not wait", wake)
	}
	if come := w.await(1, 3).Come; len(come) != 1 {
		t.Fatalf("%d have come meanwhile", len(come))
	}
}

// TestAnInvitationWaitsForTheNextAwait, for AwaitGap, and no longer than its circuit waits for its ends.
func TestAnInvitationWaitsForTheNextAwait(t *testing.T) {
	w := newWays(t, nil)
	w.await(1, 3)
	w.Come(w.at, rolestest.Node(1), 3, true)
	w.later(roles.AwaitGap - 1)
	w.opens(1, hostN(1))
	w.later(1)
	w.refuses(1, hostN(1), protocol.Unreachable, 0)
	w.later(roles.JoinTimeout - 2)
	if come := w.await(1, 3).Come; len(come) != 1 {
		t.Fatalf("%d have come", len(come))
	}
	w.Come(w.at, rolestest.Node(1), 3, true)
	w.opens(1, hostN(1))
	w.later(roles.JoinTimeout)
	if come := w.await(1, 3).Come; len(come) != 0 {
		t.Fatal("one has come too late")
	}
}

// TestATicketIsGoodOnce, for its own end.
func TestATicketIsGoodOnce(t *testing.T) {
	w := newWays(t, nil)
	w.await(1, 3)
	client := w.opens(1, hostN(1)).Ticket
	node := w.Come(w.at, rolestest.Node(1), 3, false).Come[0].Ticket
	if client == node || client.IsZero() || node.IsZero() {
		t.Fatal("the ends have one ticket")
	}
	first := w.Join(w.at, 11, client)
	if first.Circuit == 0 || first.Both || first.Wait != roles.JoinTimeout || first.Side != relay.OfClient {
		t.Fatalf("%+v", first)
	}
	for _, ticket := range []protocol.Ticket{client, {}, rolestest.Ticket(9)} {
		if again := w.Join(w.at, 12, ticket); again != (relay.Joining{}) {
			t.Fatalf("%+v", again)
		}
	}
	w.later(roles.JoinTimeout - 1)
	if last := w.Join(w.at, 13, node); !last.Both || last.Other != 11 || last.Side != relay.OfNode {
		t.Fatalf("%+v", last)
	}
	if again := w.Join(w.at, 14, node); again != (relay.Joining{}) {
		t.Fatalf("%+v", again)
	}
	if both, there := w.Joined(first.Circuit); !both || !there {
		t.Fatal("it is not there")
	}
}

// TestACircuitWaitsForItsEnds, for JoinTimeout after OPENED.
func TestACircuitWaitsForItsEnds(t *testing.T) {
	w := newWays(t, nil)
	w.await(1, 3)
	client := w.opens(1, hostN(1)).Ticket
	node := w.Come(w.at, rolestest.Node(1), 3, false).Come[0].Ticket
	w.later(time.Second)
	if is := w.Join(w.at, 11, client); is.Wait != roles.JoinTimeout-time.Second {
		t.Fatalf("it waits for %v", is.Wait)
	}
	w.later(roles.JoinTimeout - time.Second)
	if is := w.Join(w.at, 12, node); is != (relay.Joining{}) {
		t.Fatalf("%+v", is)
	}
	w.counts(1, 0)
	if code, bytes := w.last(client); code != protocol.PeerGone || bytes != 0 {
		t.Fatalf("it has ended with %s after %d bytes", code, bytes)
	}
}

// TestWhyACircuitEndedIsKnownForAWhile, to the one who has its ticket.
func TestWhyACircuitEndedIsKnownForAWhile(t *testing.T) {
	for _, why := range []protocol.Code{protocol.Quota, protocol.Idle, protocol.Draining, protocol.PeerGone, 0} {
		w := newWays(t, nil)
		circuit, ticket := w.joined(hostN(1))
		w.Moved(w.at, circuit, 70)
		w.Moved(w.at, circuit, 7)
		if code, bytes := w.last(ticket); code != 0 || bytes != 0 {
			t.Fatalf("of one that is open: %s, %d bytes", code, bytes)
		}
		w.later(time.Second)
		if other := w.Cut(w.at, circuit, relay.OfClient, why); other != 12 {
			t.Fatalf("link %d is the other one", other)
		}
		if other := w.Cut(w.at, circuit, relay.OfNode, protocol.Busy); other != 0 {
			t.Fatal("it has ended twice")
		}
		if code, _ := w.last(rolestest.Ticket(3)); code != 0 {
			t.Fatalf("of another: %s", code)
		}
		w.later(roles.CircuitKept - 1)
		if code, bytes := w.last(ticket); code != why || bytes != 77 {
			t.Fatalf("it has ended with %s after %d bytes", code, bytes)
		}
		w.later(1)
		if code, bytes := w.last(ticket); code != 0 || bytes != 0 {
			t.Fatalf("it is still known: %s, %d", code, bytes)
		}
	}
}

// TestACircuitIsRefusedWithTheLimitThatIsUsedUp.
func TestACircuitIsRefusedWithTheLimitThatIsUsedUp(t *testing.T) {
	w := newWays(t, func(l *relay.Limits) { l.Circuits, l.CircuitsFrom = 6, 4 })
	w.await(1, 3)
	for range 4 {
		w.opens(1, hostN(1))
	}
	w.refuses(1, hostN(1), protocol.Quota, roles.BusyRetry)
	w.opens(1, hostN(2))
	w.opens(1, hostN(2))
	w.refuses(1, hostN(2), protocol.Quota, roles.BusyRetry)
	w.refuses(2, hostN(2), protocol.Unreachable, 0)
	w.counts(1, 6)
	w.later(roles.JoinTimeout)
	w.await(1, 4) // on the link before it has missed them all
	w.opens(1, hostN(1))

	w = newWays(t, func(l *relay.Limits) { l.Circuits, l.CircuitsFrom = 100, 100 })
	w.await(1, 3)
	for range protocol.MaxInvitations {
		w.opens(1, hostN(1))
	}
	w.refuses(1, hostN(1), protocol.Busy, roles.BusyRetry)
	w.await(1, 3)
	w.opens(1, hostN(1))

	w = newWays(t, func(l *relay.Limits) { l.CircuitsFrom = 0 })
	w.await(1, 3)
	w.refuses(1, hostN(1), protocol.Quota, 24*time.Hour)

	for name, limits := range map[string]relay.Limits{"none": {}, "no circuits": {Rate: relay.NoLimit, Awaits: 1}, "no rate": {Circuits: 1, CircuitsFrom: 1, BytesFrom: 1, Awaits: 1}} {
		w := &ways{newCircuits(limits), t, roles.Moment{}}
		w.refuses(1, hostN(1), protocol.Denied, 0)
		if _, refusal := w.Await(w.at, rolestest.Node(1), roles.HostOf(hostN(1)), 3); w.On() || refusal == nil || refusal.Code != protocol.Denied {
			t.Errorf("%s: %v", name, refusal)
		}
	}
}

// TestACircuitThatIsOverKeepsNoPlace: neither among those of its client, nor among the invitations that wait for the node.
func TestACircuitThatIsOverKeepsNoPlace(t *testing.T) {
	w := newWays(t, func(l *relay.Limits) { l.Circuits, l.CircuitsFrom = 2, 2 })
	w.await(1, 3)
	kept := w.opens(1, hostN(1))
	for range 2 * protocol.MaxInvitations {
		ticket := w.opens(1, hostN(1)).Ticket
		w.refuses(1, hostN(1), protocol.Quota, roles.BusyRetry)
		w.Cut(w.at, w.Join(w.at, 11, ticket).Circuit, relay.OfClient, protocol.PeerGone)
	}
	w.counts(1, 1)
	come := w.Come(w.at, rolestest.Node(1), 3, false).Come
	if len(come) != 1 {
		t.Fatalf("the node is invited %d times, and one client waits", len(come))
	}
	w.Join(w.at, 12, come[0].Ticket)
	if client := w.Join(w.at, 11, kept.Ticket); !client.Both {
		t.Fatal("the node is invited to a circuit that is over")
	}
	w.later(roles.JoinTimeout)
	if w.await(1, 4).Missed {
		t.Fatal("the node has missed what was over before it heard of it")
	}
}

// TestLoopbackHasNoBoundsOfItsOwn: behind it are the programs of one machine.
func TestLoopbackHasNoBoundsOfItsOwn(t *testing.T) {
	w := newWays(t, func(l *relay.Limits) { l.CircuitsFrom, l.BytesFrom = 1, 1 })
	loopback := netip.MustParseAddr("127.0.0.1")
	for range 3 {
		circuit, _ := w.joined(loopback)
		w.Moved(w.at, circuit, 1<<40)
		if bytes, wait := w.Grant(w.at, circuit); bytes != roles.CircuitPiece || wait != 0 {
			t.Fatalf("%d bytes after %v", bytes, wait)
		}
	}
	if opened := w.opens(1, loopback); opened.Bytes != 0 || opened.Rate != 0 || opened.Millis != protocol.ToMillis(roles.CircuitIdle) {
		t.Fatal(rolestest.Say(opened))
	}
}

// TestAnAddressPassesItsBytesADay, those of both directions and of all its circuits together, and its /64 is one.
func TestAnAddressPassesItsBytesADay(t *testing.T) {
	w := newWays(t, func(l *relay.Limits) { l.BytesFrom = 1000 })
	from, same := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:1")
	w.later(time.Hour)
	one, _ := w.joined(from)
	two, _ := w.joined(same)
	w.Moved(w.at, one, 600)
	w.Moved(w.at, two, 399)
	for _, circuit := range []uint64{one, two} {
		if bytes, _ := w.Grant(w.at, circuit); bytes != 1 {
			t.Fatalf("%d bytes are left", bytes)
		}
	}
	if opened := w.opens(1, from); opened.Bytes != 1 {
		t.Fatalf("%d bytes are left", opened.Bytes)
	}
	w.Moved(w.at, one, 1)
	if bytes, _ := w.Grant(w.at, two); bytes != 0 {
		t.Fatalf("%d bytes are left", bytes)
	}
	w.later(time.Minute)
	w.await(1, 3)
	w.refuses(1, from, protocol.Quota, 24*time.Hour-time.Minute)
	w.opens(1, hostN(1))
	w.later(24*time.Hour - time.Minute - 1)
	w.await(1, 3)
	w.refuses(1, same, protocol.Quota, time.Second) // at least
	w.later(1)
	if opened := w.opens(1, same); opened.Bytes != 1000 {
		t.Fatalf("%d bytes are left on the next day", opened.Bytes)
	}
	if bytes, _ := w.Grant(w.at, two); bytes != 1000 {
		t.Fatalf("%d bytes are left on the next day", bytes)
	}
}

// TestADaysBytesAreExceededByAPieceForEachOtherDirection at most: all directions of a client's circuits have been granted
// a piece as its bytes end.
func TestADaysBytesAreExceededByAPieceForEachOtherDirection(t *testing.T) {
	const limit = 100 * roles.CircuitPiece
	w := newWays(t, func(l *relay.Limits) { l.BytesFrom = limit })
	var circuits []uint64
	for range roles.MaxCircuitsFrom {
		circuit, _ := w.joined(hostN(1))
		circuits = append(circuits, circuit)
	}
	w.Moved(w.at, circuits[0], limit-roles.CircuitPiece)
	passed, granted := int64(limit-roles.CircuitPiece), []int64{}
	for range 2 { // directions
		for _, circuit := range circuits {
			bytes, _ := w.Grant(w.at, circuit)
			granted = append(granted, int64(bytes))
		}
	}
	for i, bytes := range granted {
		circuit := circuits[i%len(circuits)]
		w.Moved(w.at, circuit, bytes)
		passed += bytes
		if more, _ := w.Grant(w.at, circuit); more != 0 {
			t.Errorf("%d bytes are granted of those that are used up", more)
		}
	}
	if most := int64(limit + (2*roles.MaxCircuitsFrom-1)*roles.CircuitPiece); passed != most {
		t.Errorf("%d bytes pass, and %d may at most", passed, most)
	}
}

// TestARateSpacesThePieces, and a piece that waits for its time is no silence.
func TestARateSpacesThePieces(t *testing.T) {
	w := newWays(t, func(l *relay.Limits) { l.Rate = 1 << 20 })
	circuit, _ := w.joined(hostN(1))
	bytes, wait := w.Grant(w.at, circuit)
	if bytes != 1<<17 || wait != 0 {
		t.Fatalf("%d bytes after %v", bytes, wait)
	}
	w.Moved(w.at, circuit, int64(bytes))
	if bytes, wait := w.Grant(w.at, circuit); bytes != 1<<17 || wait != time.Second/8 {
		t.Fatalf("%d bytes after %v", bytes, wait)
	}
	w.later(time.Second / 8)
	if _, wait := w.Grant(w.at, circuit); wait != 0 {
		t.Fatalf("after %v", wait)
	}
	other, _ := w.joined(hostN(1))
	w.Moved(w.at, circuit, 1<<17)
	if _, wait := w.Grant(w.at, other); wait != time.Second/8 {
		t.Fatalf("another circuit of the client goes on after %v", wait)
	}
	stranger, _ := w.joined(hostN(2))
	if _, wait := w.Grant(w.at, stranger); wait != 0 {
		t.Fatalf("one of another client goes on after %v", wait)
	}
	w.later(time.Minute)
	w.Moved(w.at, circuit, 1)
	if quiet := w.Quiet(w.at, other); quiet < time.Minute-time.Second/8 {
		t.Fatalf("what passes over one circuit is no sound of another one, which has been quiet for %v", quiet)
	}
	w = newWays(t, func(l *relay.Limits) { l.Rate = 40 })
	circuit, _ = w.joined(hostN(1))
	w.Moved(w.at, circuit, 4000)
	if bytes, wait := w.Grant(w.at, circuit); bytes != 4<<10 || wait != 100*time.Second {
		t.Fatalf("%d bytes after %v", bytes, wait)
	}
	w.later(100 * time.Second)
	if quiet := w.Quiet(w.at, circuit); quiet != 0 { // Grant has put the piece off until now
		t.Fatalf("it has been quiet for %v", quiet)
	}
	w.later(time.Second)
	if quiet := w.Quiet(w.at, circuit); quiet != time.Second {
		t.Fatalf("it has been quiet for %v", quiet)
	}
}

// TestBothEndsHaveToEnd, and until then it is open.
func TestBothEndsHaveToEnd(t *testing.T) {
	w := newWays(t, nil)
	circuit, ticket := w.joined(hostN(1))
	if over, other := w.Ended(w.at, circuit, relay.OfClient); over || other != 0 {
		t.Fatalf("%v, %d", over, other)
	}
	w.Moved(w.at, circuit, 5)
	if over, other := w.Ended(w.at, circuit, relay.OfNode); !over || other != 11 {
		t.Fatalf("%v, %d", over, other)
	}
	w.counts(1, 0)
	if code, bytes := w.last(ticket); code != 0 || bytes != 5 {
		t.Fatalf("%s, %d bytes", code, bytes)
	}
	w.Moved(w.at, circuit, 5)
	if bytes, _ := w.Grant(w.at, circuit); bytes != 0 {
		t.Fatalf("%d bytes may pass", bytes)
	}
}

// TestANodeThatFollowsNoInvitationHasNoneSent, until it waits on another link, or joins.
func TestANodeThatFollowsNoInvitationHasNoneSent(t *testing.T) {
	w := newWays(t, nil)
	miss := func(times int) {
		for range times {
			w.await(1, 3)
			is := w.Join(w.at, 11, w.opens(1, hostN(1)).Ticket)
			if w.later(roles.JoinTimeout); is.Circuit%2 == 0 { // the client's own deadline comes first
				w.Cut(w.at, is.Circuit, is.Side, protocol.PeerGone)
			}
		}
	}
	miss(roles.MaxMissed - 1)
	circuit, _ := w.joined(hostN(1)) // counts from the start
	w.Cut(w.at, circuit, relay.OfNode, protocol.PeerGone)
	miss(roles.MaxMissed)
	if !w.await(1, 3).Missed || !w.Come(w.at, rolestest.Node(1), 3, false).Missed {
		t.Fatal("the node waits in vain and is not told")
	}
	w.refuses(1, hostN(1), protocol.Unreachable, 0)
	if is := w.await(1, 4); is.Missed || is.Other != 3 {
		t.Fatalf("%+v", is)
	}
	w.opens(1, hostN(1))
}

// TestOnlyTheNodeMisses: a client that does not come is no fault of the node's, nor is one that leaves before.
func TestOnlyTheNodeMisses(t *testing.T) {
	w := newWays(t, nil)
	for range 2 * roles.MaxMissed {
		w.await(1, 3)
		w.opens(1, hostN(1))
		w.Join(w.at, 12, w.Come(w.at, rolestest.Node(1), 3, false).Come[0].Ticket)
		w.later(roles.JoinTimeout)
		w.await(1, 3)
		is := w.Join(w.at, 11, w.opens(1, hostN(1)).Ticket)
		w.later(time.Second)
		w.Cut(w.at, is.Circuit, is.Side, protocol.PeerGone)
	}
	if w.await(1, 3).Missed {
		t.Fatal("the node has missed nothing")
	}
	w.counts(1, 0)
}

// TestANodeWaitsOnOneLink, the latest: what waits for it goes on, and an earlier link takes nothing away.
func TestANodeWaitsOnOneLink(t *testing.T) {
	w := newWays(t, nil)
	w.await(1, 3)
	w.opens(1, hostN(1))
	is := w.await(1, 4)
	if len(is.Come) != 1 || is.Other != 3 {
		t.Fatalf("%+v", is)
	}
	w.await(1, 4)
	if earlier := w.Come(w.at, rolestest.Node(1), 3, true); !earlier.Elsewhere || len(earlier.Come) > 0 {
		t.Fatalf("%+v", earlier)
	}
	gone := 0
	left := func(link uint64) { w.Left(rolestest.Node(1), link, func() { gone++ }) }
	left(3)
	w.counts(1, 0+1)
	if _, wake := w.ask(1, hostN(1), protocol.Ticket{}); wake != 4 {
		t.Fatalf("link %d is woken", wake)
	}
	if gone > 0 {
		t.Fatal("the node is taken for gone, and waits on another link")
	}
	left(4)
	left(4)
	w.counts(0, 2)
	if gone != 1 {
		t.Fatalf("the node is gone %d times", gone)
	}
	w.refuses(1, hostN(1), protocol.Unreachable, 0)
}

// TestThereIsRoomForSoManyNodesThatWait, in all and from one address, wherever they come from first.
func TestThereIsRoomForSoManyNodesThatWait(t *testing.T) {
	id := func(n int) (id protocol.PeerID) { id[0], id[1] = byte(n), byte(n>>8)+1; return id }
	w := newWays(t, func(l *relay.Limits) { l.Awaits = 2 * roles.MaxAwaitsFrom })
	waits := func(n, host int, fits bool) {
		t.Helper()
		if _, refusal := w.Await(w.at, id(n), roles.HostOf(hostN(host)), uint64(n)+1+uint64(host)<<32); (refusal == nil) != fits || refusal != nil && refusal.Code != protocol.Busy {
			t.Fatalf("node %d at %d: %v", n, host, refusal)
		}
	}
	for n := range roles.MaxAwaitsFrom {
		waits(n, 1, true)
	}
	waits(1000, 1, false)
	waits(0, 1, true) // again
	waits(1000, 2, true)
	waits(1000, 1, false) // it moves to where there is no room
	for n := range roles.MaxAwaitsFrom - 1 {
		waits(2000+n, 3, true)
	}
	w.counts(2*roles.MaxAwaitsFrom, 0)
	waits(3000, 4, false)
	for n := range 4 * roles.MaxAwaitsFrom {
		waits(2000, 4+n%2, true) // it moves, and leaves its room to others
	}
	w.Left(id(0), 1+1<<32, func() {})
	waits(3000, 1, true)
}

// TestWhoIsExpelledHasNoCircuit: its own are cut, and its wait is over. Nothing is locked while that is asked.
func TestWhoIsExpelledHasNoCircuit(t *testing.T) {
	for _, out := range []byte{1, 200, 50} {
		w := newWays(t, nil)
		circuit, ticket := w.joined(hostN(1))
		half := w.Join(w.at, 21, w.opens(1, hostN(1)).Ticket)
		wake := w.Expel(w.at.Now, func(id protocol.PeerID) bool {
			w.Counts()
			return id != rolestest.Node(out)
		})
		_, there := w.Joined(circuit)
		_, halfThere := w.Joined(half.Circuit)
		switch {
		case out == 50 && (!there || !halfThere || len(wake) > 0):
			t.Errorf("a stranger is expelled, and %v are woken", wake)
		case out != 50 && (there || halfThere):
			t.Errorf("%d is expelled and has a circuit", out)
		case out == 1 && len(wake) != 4, out == 200 && len(wake) != 3:
			t.Errorf("%d is expelled, and %v are woken", out, wake)
		}
		if out == 50 {
			continue
		}
		w.counts(1, 0)
		if code, _ := w.last(ticket); code != protocol.Denied {
			t.Errorf("%s", code)
		}
	}
}

// TestCircuitsTakeBoundedMemory: of the addresses that have passed anything within a day so many are counted, and
// those that have passed nothing are forgotten at once.
func TestCircuitsTakeBoundedMemory(t *testing.T) {
	w := newWays(t, nil)
	use := func(n int, bytes int64) {
		t.Helper()
		circuit, _ := w.joined(hostN(n))
		w.Moved(w.at, circuit, bytes)
		w.Cut(w.at, circuit, relay.OfClient, protocol.PeerGone)
	}
	for n := range 2 * roles.MaxRated {
		use(n, 0)
	}
	for n := range roles.MaxRated {
		use(n, 1)
	}
	w.await(1, 3)
	w.refuses(1, hostN(roles.MaxRated), protocol.Quota, roles.RetryMost)
	use(7, 1)
	w.later(24 * time.Hour)
	use(roles.MaxRated, 1)
}

// BenchmarkCircuit measures a circuit from CIRCUIT to its end, among as many as an open relay has.
func BenchmarkCircuit(b *testing.B) {
	limits := relay.OpenLimits
	limits.CircuitsFrom = relay.OpenLimits.Circuits
	c, at, from := newCircuits(limits), roles.Moment{}, relay.From{Peer: hostN(1), ID: rolestest.Node(200)}
	host := roles.HostOf(hostN(2))
	b.ReportAllocs()
	for b.Loop() {
		at.Rand++
		at.Now += time.Millisecond
		c.Await(at, rolestest.Node(1), host, 3)
		answer, _ := c.Open(at, from, &protocol.Circuit{Node: rolestest.Node(1)})
		come := c.Come(at, rolestest.Node(1), 3, false).Come
		c.Join(at, 11, answer.(*protocol.Opened).Ticket)
		is := c.Join(at, 12, come[0].Ticket)
		c.Ended(at, is.Circuit, relay.OfClient)
		c.Ended(at, is.Circuit, relay.OfNode)
	}
}
