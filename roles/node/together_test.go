package node_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// together is a node and its relay, connected by a network that may lose an answer.
type together struct {
	at       roles.Moment
	member   *node.Membership
	registry *relay.Registry
	session  *relay.Session
	timer    roles.TimerFired
	rings    time.Duration
	armed    bool
	lose     int // the number of the answer that is lost; below zero: none
	pages    int // PUBLISH so far
}

var nodesPlace = netip.MustParseAddrPort("192.0.2.9:50000")

// tell gives the node an input and carries out the effects.
func (w *together) tell(in roles.Input) {
	for _, e := range append([]roles.Effect{}, w.member.Step(w.at, in)...) {
		w.at.Rand = w.at.Rand*6364136223846793005 + 1442695040888963407
		switch e := e.(type) {
		case roles.Arm:
			w.timer, w.rings, w.armed = roles.TimerFired{Timer: e.Timer, Number: e.Number}, w.at.Now+e.After, true
		case roles.Disarm:
			w.armed = false
		case roles.Dial:
			w.session = relay.NewSession(w.registry, &relay.Answers{})
			w.session.Step(w.at, roles.Opened{Peer: nodesPlace})
			w.tell(roles.Opened{})
		case roles.Send:
			w.carry(e.Message)
		case roles.HalfClose:
			w.session = nil
		case roles.Discard:
			w.tell(roles.PeerEnded{})
		}
	}
}

// carry brings a message to the relay and its answer back, through their frames.
func (w *together) carry(message protocol.Message) {
	if _, is := message.(*protocol.Publish); is {
		w.pages++
	}
	asked, _, err := protocol.Decode(protocol.Append(nil, message))
	if err != nil {
		panic(err)
	}
	for _, e := range w.session.Step(w.at, roles.Heard{Message: asked}) {
		send, is := e.(roles.Send)
		if !is {
			continue
		}
		if w.lose--; w.lose == -1 {
			w.tell(roles.Lost{Code: protocol.Lost})
			return
		}
		answer, _, err := protocol.Decode(protocol.Append(nil, send.Message))
		if err != nil {
			panic(err)
		}
		w.tell(roles.Heard{Message: answer})
	}
}

// pass advances the time and fires the timers.
func (w *together) pass(span time.Duration) {
	for until := w.at.Now + span; ; {
		if !w.armed || w.rings > until {
			w.at.Now = until
			return
		}
		w.at.Now, w.armed = w.rings, false
		w.tell(w.timer)
	}
}

func (w *together) listed() map[string]protocol.Hash {
	names := map[string]protocol.Hash{}
	for list := (&protocol.List{Limit: protocol.MaxPage}); ; {
		page := w.registry.List(w.at, relay.From{}, list).(*protocol.Listed)
		for _, item := range page.Items {
			names[item.Name] = item.Hash
		}
		if list.Cursor = page.Cursor; page.Cursor == nil {
			return names
		}
	}
}

// mayHaveMore reports whether the relay lists the node for what it has not published.
func (w *together) mayHaveMore() bool {
	return len(w.registry.Locate(w.at, relay.From{}, &protocol.Locate{Name: "no such name"}).(*protocol.Located).Peers) > 0
}

// TestARelayComesToHoldWhatItsNodeShares: after any changes, lost answers and restarts of the relay
// without memory, the relay eventually holds the node's whole index and knows that it is whole.
func TestARelayComesToHoldWhatItsNodeShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := config
		c.Catalog = node.NewCatalog(rapid.Uint64Range(1, 1<<60).Draw(t, "index"))
		c.Catalog.Extend(roles.ExtentWhole)
		w := &together{at: roles.Moment{Rand: rapid.Uint64().Draw(t, "random")}, member: node.NewMembership(c), registry: relay.NewRegistry(relay.Policy{}), lose: -1}
		shared := map[string]protocol.Hash{}
		w.tell(roles.Started{})
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			for range rapid.SampledFrom([]int{0, 1, 3, 300, 2500}).Draw(t, "changes") {
				name := fmt.Sprint("f", rapid.IntRange(0, 3000).Draw(t, "name"))
				if rapid.IntRange(0, 2).Draw(t, "drop") == 0 {
					c.Catalog.Drop(name)
					delete(shared, name)
				} else {
					shared[name] = protocol.Hash{byte(rapid.IntRange(1, 3).Draw(t, "content"))}
					c.Catalog.Set(name, 1, shared[name])
				}
			}
			w.tell(roles.Notified{})
			w.lose = rapid.IntRange(-1, 5).Draw(t, "the answer that is lost")
			if rapid.IntRange(0, 3).Draw(t, "the relay restarts") == 0 {
				w.registry = relay.NewRegistry(relay.Policy{})
			}
			w.pass(time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds")) * time.Second)
		}
		w.lose = -1
		w.pass(3 * roles.LeaseTTL)
		if got := w.listed(); fmt.Sprint(got) != fmt.Sprint(shared) {
			t.Fatalf("the relay holds %d names, %d are shared", len(got), len(shared))
		}
		if w.mayHaveMore() {
			t.Fatal("the relay does not know that this is all")
		}
	})
}

// follow returns a node with a whole share that its relay knows.
func follow() (*together, *node.Catalog) {
	c := sharing(1)
	w := &together{at: roles.Moment{Rand: 1}, member: node.NewMembership(c), registry: relay.NewRegistry(relay.Policy{}), lose: -1}
	w.tell(roles.Started{})
	w.pass(time.Minute)
	return w, c.Catalog
}

// TestManyNudgesMakeFewExchanges: a share that changes all the time does not keep its relay busy.
func TestManyNudgesMakeFewExchanges(t *testing.T) {
	w, catalog := follow()
	w.pages = 0
	for i := range 6000 {
		catalog.Set(fmt.Sprint("new", i), 1, protocol.Hash{1})
		w.tell(roles.Notified{})
		w.pass(10 * time.Millisecond)
	}
	if most := roles.PublishBurst + int(time.Minute/roles.PublishGap); w.pages < most-2 || w.pages > most {
		t.Errorf("%d pages in a minute, want at most %d", w.pages, most)
	}
}

// TestANewNameIsNeverTakenForOneThatNobodyHas: whatever comes, goes and changes in a share, and however
// close together, a relay that does not know a name sends clients to the node.
func TestANewNameIsNeverTakenForOneThatNobodyHas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, catalog := follow()
		shared := map[string]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "changes") {
			name := fmt.Sprint("f", rapid.IntRange(1, 40).Draw(t, "name"))
			switch rapid.IntRange(0, 5).Draw(t, "change") {
			case 0:
				catalog.Drop(name)
				delete(shared, name)
			case 1:
				catalog.Set(name, 1, protocol.Hash{byte(rapid.IntRange(1, 3).Draw(t, "content"))})
				shared[name] = true
			case 2:
				catalog.Extend(rapid.SampledFrom([]roles.Extent{roles.ExtentPart, roles.ExtentSeen, roles.ExtentWhole}).Draw(t, "extent"))
			default:
				catalog.Mark(name, 1, protocol.Pending)
				shared[name] = true
			}
			w.tell(roles.Notified{})
			w.pass(0)
			for name := range shared {
				if len(w.registry.Locate(w.at, relay.From{}, &protocol.Locate{Name: name}).(*protocol.Located).Peers) == 0 {
					t.Fatalf("nobody has %s", name)
				}
			}
			w.pass(rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, roles.PublishGap, 20 * time.Second}).Draw(t, "pause"))
		}
		catalog.Extend(roles.ExtentWhole)
		w.tell(roles.Notified{})
		w.pass(2 * roles.PublishGap)
		if w.mayHaveMore() {
			t.Fatal("the relay does not know that this is all")
		}
	})
}

// TestAShareThatIsHashedDoesNotHurry: names that are told already may learn their hashes for hours.
func TestAShareThatIsHashedDoesNotHurry(t *testing.T) {
	w, catalog := follow()
	for i := range 1000 {
		catalog.Mark(fmt.Sprint("new", i), 1, protocol.Pending)
	}
	w.tell(roles.Notified{})
	w.pass(0)
	w.pages = 0
	for i := range 1000 {
		catalog.Set(fmt.Sprint("new", i), 1, protocol.Hash{1})
		w.tell(roles.Notified{})
		if w.pass(20 * time.Millisecond); w.mayHaveMore() {
			t.Fatal("the relay takes the node for one that may have more")
		}
	}
	if most := int(20*time.Second/roles.PublishGap) + 1; w.pages > most {
		t.Errorf("%d pages in 20 s, want at most %d", w.pages, most)
	}
}

// TestARelayThatAnswersAtRandomIsGivenUp: a relay that names another index for each page, so that
// each page starts again, is not asked for long.
func TestARelayThatAnswersAtRandomIsGivenUp(t *testing.T) {
	m := node.NewMembership(sharing(3))
	s := rolestest.New(t, m, m.State)
	for _, in := range []roles.Input{roles.Started{}, roles.Opened{}, roles.Heard{Message: rolestest.Sample(protocol.KindRegistered)}} {
		m.Step(s.At, in)
	}
	pages := uint64(1)
	for ; m.State() == node.MembershipPublishing && pages < 10_000; pages++ {
		m.Step(s.At, roles.Heard{Message: &protocol.Published{Index: 1 + pages%2, Sequence: pages % 3}})
	}
	if pages > 3*roles.MaxResyncs || m.State() != node.MembershipClosing {
		t.Errorf("%d pages were published; it is %s", pages, m.State())
	}
}
