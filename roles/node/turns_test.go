package node_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// queue is Turns in a test: it notes who has a turn.
type queue struct {
	*node.Turns
	now     time.Duration
	given   []byte // the origins that got one, in this order
	refused []byte
	open    map[byte][]uint64 // the turns of an origin, and its waits
}

func newQueue(turns *node.Turns) *queue { return &queue{Turns: turns, open: map[byte][]uint64{}} }

// asks asks for a turn for an origin.
func (q *queue) asks(by byte) {
	told := func(answer roles.Input) {
		switch answer.(type) {
		case roles.TurnGiven:
			q.given = append(q.given, by)
		case roles.TurnRefused:
			q.refused = append(q.refused, by)
		}
	}
	number, answer := q.Ask(q.now, roles.AskTurn{From: roles.Origin{ID: rolestest.Node(by)}, Length: 1}, told)
	told(answer)
	q.open[by] = append(q.open[by], number)
}

// ends ends the first turn of an origin.
func (q *queue) ends(by byte) {
	first := q.open[by][0]
	q.open[by] = q.open[by][1:]
	q.End(q.now, first)
}

// next ends the turn that was given last, and returns who has the next one.
func (q *queue) next() byte {
	q.ends(q.given[len(q.given)-1])
	return q.given[len(q.given)-1]
}

func TestAPeerWithManyLinksHasTheTurnsOfOneWithOne(t *testing.T) {
	q := newQueue(&node.Turns{Most: 1})
	for range 100 {
		q.asks('a')
	}
	q.asks('b')
	var order []byte
	for range 6 {
		was := q.given[len(q.given)-1]
		order = append(order, q.next())
		q.asks(was) // it has more to ask for
	}
	if got := string(order); got != "ababab" {
		t.Errorf("turns went to %s", got)
	}
}

func TestOfSeveralTurnsAPeerWithManyLinksGetsItsPartAndNoMore(t *testing.T) {
	q := newQueue(&node.Turns{Most: 4, MostFrom: 4})
	for range 100 {
		q.asks('a')
	}
	q.asks('b')
	q.asks('c')
	q.asks('b')
	for range 3 {
		q.ends('a')
	}
	if got := string(q.given); got != "aaaabca" {
		t.Errorf("turns went to %s", got)
	}
}

// TestNewPeersComeBehindThoseThatWait: one that comes as another peer each time would be first for ever.
func TestNewPeersComeBehindThoseThatWait(t *testing.T) {
	q := newQueue(&node.Turns{Most: 1})
	q.asks('a')
	q.asks('b')
	for peer := byte('c'); peer < 'z'; peer++ {
		q.asks(peer)
	}
	if got := q.next(); got != 'b' {
		t.Errorf("%c was next", got)
	}
}

func TestAPeerLeavesSomeTurnsToOthers(t *testing.T) {
	for most, want := range map[int]int{1: 1, 2: 1, 3: 2, 64: 32} {
		q := newQueue(&node.Turns{Most: most})
		for range 100 {
			q.asks('a')
		}
		if given, _, waiting := q.Taken(); given != want || waiting != 100-want {
			t.Errorf("of %d turns one peer has %d, and waits for %d", most, given, waiting)
		}
	}
}

func TestATurnThatIsTooSlowKeepsNobodyFromTheirs(t *testing.T) {
	q := newQueue(&node.Turns{Most: 1, Pace: 1})
	q.asks('a')
	q.asks('b')
	q.now = roles.TurnGrace + time.Second
	q.asks('c')
	if got := string(q.given); got != "a" {
		t.Fatalf("turns went to %s", got)
	}
	q.now++
	q.asks('d')
	if given, lapsed, waiting := q.Taken(); string(q.given) != "ab" || given != 2 || lapsed != 1 || waiting != 2 {
		t.Fatalf("turns went to %s; %d are given, %d have lapsed, %d wait", q.given, given, lapsed, waiting)
	}
	q.ends('a') // which has lapsed
	if given, _, _ := q.Taken(); given != 1 || string(q.given) != "ab" {
		t.Errorf("the end of a turn that has lapsed gave another one")
	}
	q.ends('b')
	if string(q.given) != "abc" {
		t.Errorf("turns went to %s", q.given)
	}
}

// TestALinkThatIsTooSlowKeepsNoOtherOfItsPeerFromATurn: many clients may come from one address.
func TestALinkThatIsTooSlowKeepsNoOtherOfItsPeerFromATurn(t *testing.T) {
	q := newQueue(&node.Turns{Most: 2, Pace: 1})
	q.asks('a')
	q.asks('a')
	if got := string(q.given); got != "a" {
		t.Fatalf("turns went to %s", got)
	}
	q.now = roles.TurnGrace + time.Second + 1
	q.asks('b')
	if got := string(q.given); got != "aba" && got != "aab" {
		t.Errorf("turns went to %s", got)
	}
}

func TestOfTooManyThatWaitTheLastOfThePeerWithMostIsRefused(t *testing.T) {
	q := newQueue(&node.Turns{Most: 1, Waiting: 3})
	for _, by := range []byte("aaab") {
		q.asks(by)
	}
	q.asks('c')
	if got := string(q.refused); got != "a" {
		t.Fatalf("refused: %s", got)
	}
	q.asks('d')
	if got := string(q.refused); got != "ad" {
		t.Errorf("of peers that wait as often the last is refused, not %s", got)
	}
	if _, _, waiting := q.Taken(); waiting != 3 {
		t.Errorf("%d wait", waiting)
	}
}

func TestAWaitThatIsEndedIsNotTold(t *testing.T) {
	q := newQueue(&node.Turns{Most: 1})
	q.asks('a')
	q.asks('b')
	q.ends('b')
	q.ends('a')
	if given, _, waiting := q.Taken(); string(q.given) != "a" || given+waiting != 0 {
		t.Errorf("turns went to %s; %d are given, %d wait", q.given, given, waiting)
	}
}

// TestEveryoneHasATurnInTheEnd whatever ends, and what is forgotten.
func TestEveryoneHasATurnInTheEnd(t *testing.T) {
	q := newQueue(&node.Turns{Most: 3, Waiting: 10_000})
	for n := range 5000 {
		q.asks(byte(n))
	}
	for n := 0; n < len(q.given); n++ {
		q.ends(q.given[n])
	}
	if len(q.given) != 5000 {
		t.Errorf("%d of 5000 had a turn", len(q.given))
	}
	if given, _, waiting := q.Taken(); given+waiting != 0 {
		t.Errorf("%d are given, %d wait", given, waiting)
	}
	slices.Sort(q.given)
	if got := slices.Compact(q.given); len(got) != 256 {
		t.Errorf("%d of 256 peers had a turn", len(got))
	}
}

func TestLinksCountUnderAnIdOrAnAddress(t *testing.T) {
	at := netip.MustParseAddr
	a := roles.OriginOf(at("192.0.2.1"), protocol.PeerID{})
	for _, same := range [][2]roles.Origin{
		{a, roles.OriginOf(at("::ffff:192.0.2.1"), protocol.PeerID{})},
		{roles.OriginOf(at("2001:db8::1"), protocol.PeerID{}), roles.OriginOf(at("2001:db8::2%eth0"), protocol.PeerID{})},
		{roles.OriginOf(at("192.0.2.1"), rolestest.Node(1)), roles.OriginOf(at("2001:db8::1"), rolestest.Node(1))},
	} {
		if same[0] != same[1] {
			t.Errorf("%v and %v are two", same[0], same[1])
		}
	}
	for _, other := range []roles.Origin{
		roles.OriginOf(at("192.0.2.2"), protocol.PeerID{}), roles.OriginOf(at("2001:db8::"), protocol.PeerID{}), roles.OriginOf(at("192.0.2.1"), rolestest.Node(1)),
	} {
		if a == other {
			t.Errorf("%v is %v", a, other)
		}
	}
}
