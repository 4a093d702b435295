package relay_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

var from = relay.From{Peer: visitor.Addr()}

// TestAnIndexThatWasConfirmedIsNeverDoubtedAgain, however often its lease is renewed.
func TestAnIndexThatWasConfirmedIsNeverDoubtedAgain(t *testing.T) {
	c := &crew{Registry: relay.NewRegistry(relay.Policy{}), sequence: map[byte]uint64{}}
	c.join(1, "file")
	for n := range 600 {
		if answer, is := c.Renew(c.at, from, &protocol.Renew{ID: rolestest.Node(1), Epoch: 1}).(*protocol.Renewed); !is || answer.Sequence != 1 {
			t.Fatalf("renewal %d: %v", n, answer)
		}
	}
	if holders, others := walkLocate(t, c.Registry, c.at, protocol.Locate{Name: "file"}); len(holders) != 1 || len(others) != 0 {
		t.Errorf("held by %v, perhaps by %v", holders, others)
	}
	if holders, others := walkLocate(t, c.Registry, c.at, protocol.Locate{Name: "other"}); len(holders) != 0 || len(others) != 0 {
		t.Errorf("another name is held by %v, perhaps by %v", holders, others)
	}
}

// TestAHolderCursorOfAnEarlierLifeBeginsANewRound: after a restart its numbers may be those of other
// holds, and a client that uses it meets every holder.
func TestAHolderCursorOfAnEarlierLifeBeginsANewRound(t *testing.T) {
	const nodes = 10
	incarnation := func(random uint64) *crew {
		c := &crew{Registry: relay.NewRegistry(relay.Policy{}), at: roles.Moment{Rand: random}, sequence: map[byte]uint64{}}
		for n := range byte(nodes) {
			c.join(n+1, "file")
		}
		return c
	}
	before, after := incarnation(1), incarnation(2)
	w := &walker{ask: protocol.Locate{Name: "file", Limit: 3}, met: map[uint16]int{}}
	w.step(before)
	for cursor := w.ask.Cursor; ; cursor = w.ask.Cursor {
		if w.done {
			break
		}
		next := &walker{ask: protocol.Locate{Name: "file", Limit: 3, Cursor: cursor}, met: map[uint16]int{}}
		for !next.done {
			next.step(after)
		}
		if len(next.met) != nodes {
			t.Errorf("with an old cursor %d of %d holders were met", len(next.met), nodes)
		}
		w.step(before)
	}
}

// TestAListHasAsManyItemsAsAskedForUpToMaxPage, and names as many holders as asked for up to
// MaxHolders.
func TestAListHasAsManyItemsAsAskedForUpToMaxPage(t *testing.T) {
	r := relay.NewRegistry(relay.Policy{})
	for n := range byte(protocol.MaxHolders + 1) {
		r.Register(roles.Moment{}, from, &protocol.Register{ID: rolestest.Node(n + 1), Epoch: 1, Port: 4000 + uint16(n)})
		names := uint64(1)
		if n == 0 {
			names = protocol.MaxPage + 1
		}
		for after := uint64(0); after < names; after += protocol.MaxPage / 4 {
			page := &protocol.Publish{ID: rolestest.Node(n + 1), Epoch: 1, Index: 1, From: after, To: min(after+protocol.MaxPage/4, names), Latest: names}
			for i := after; i < page.To; i++ {
				page.Changes = append(page.Changes, protocol.Entry{Name: numberedName(i), Hash: content(1)})
			}
			if answer := r.Publish(roles.Moment{}, page); answer.Kind() != protocol.KindPublished {
				t.Fatal(answer)
			}
		}
	}
	list := func(m protocol.List) *protocol.Listed {
		listed := r.List(roles.Moment{}, from, &m).(*protocol.Listed)
		protocol.Append(nil, listed) // it can be sent
		return listed
	}
	for limit, want := range map[uint64]int{
		0: roles.DefaultPage, 1: 1, protocol.MaxPage - 1: protocol.MaxPage - 1, protocol.MaxPage: protocol.MaxPage, protocol.MaxPage + 1: protocol.MaxPage, 1<<64 - 1: protocol.MaxPage,
	} {
		page := list(protocol.List{Limit: limit})
		if len(page.Items) != want || page.Cursor == nil {
			t.Errorf("asked for %d, it has %d items, and more: %v", limit, len(page.Items), page.Cursor != nil)
		}
		if rest := list(protocol.List{Limit: protocol.MaxPage, Cursor: page.Cursor}); len(page.Items) > 1 && len(rest.Items) != protocol.MaxPage+1-want {
			t.Errorf("%d items follow %d", len(rest.Items), want)
		}
	}
	for holders, want := range map[uint64]int{
		0: 0, 1: 1, protocol.MaxHolders - 1: protocol.MaxHolders - 1, protocol.MaxHolders: protocol.MaxHolders, protocol.MaxHolders + 1: protocol.MaxHolders, 1<<64 - 1: protocol.MaxHolders,
	} {
		item := list(protocol.List{Limit: 1, Pattern: numberedName(0), Holders: holders}).Items[0]
		if len(item.Holders) != want || item.Count != protocol.MaxHolders+1 {
			t.Errorf("asked for %d holders, %d of %d are named", holders, len(item.Holders), item.Count)
		}
	}
	for _, cursor := range []int{1, protocol.CursorSize} {
		if page := list(protocol.List{Cursor: make([]byte, cursor)}); len(page.Items) > roles.DefaultPage {
			t.Errorf("a cursor of %d bytes: %d items", cursor, len(page.Items))
		}
		if _, is := r.Locate(roles.Moment{}, from, &protocol.Locate{Name: numberedName(0), Cursor: make([]byte, cursor)}).(*protocol.Located); !is {
			t.Errorf("a cursor of %d bytes is refused", cursor)
		}
	}
}

func numberedName(n uint64) string {
	return string([]byte{'a' + byte(n/676), 'a' + byte(n/26%26), 'a' + byte(n%26)})
}
