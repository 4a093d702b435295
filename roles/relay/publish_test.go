package relay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// publishing returns a desk where node 1 is listed.
func publishing(t *testing.T, policy relay.Policy) *desk {
	d := newDesk(t, policy)
	d.at.Rand = 7
	d.wants(d.register(1, 1), granted)
	return d
}

// page publishes n changes of node 1 from a sequence number on, of names that contain the numbers.
func (d *desk) page(from, n uint64) protocol.Message { return d.pageOf(5, from, n) }

func (d *desk) pageOf(index, from, n uint64) protocol.Message {
	m := &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: index, From: from, To: from + n, Latest: from + n}
	for i := range n {
		m.Changes = append(m.Changes, protocol.Entry{Name: fmt.Sprintf("f%d", from+i+1), Hash: content(1)})
	}
	return d.Publish(d.at, m)
}

func (d *desk) accepts(answer protocol.Message, upTo uint64) {
	d.t.Helper()
	if p, is := answer.(*protocol.Published); !is || p.Sequence != upTo {
		d.t.Fatalf("answered with %s, want PUBLISHED up to %d", rolestest.Say(answer), upTo)
	}
}

func (d *desk) refuses(answer protocol.Message, code protocol.Code) {
	d.t.Helper()
	if e, is := answer.(*protocol.Error); !is || e.Code != code {
		d.t.Fatalf("answered with %s, want ERROR %v", rolestest.Say(answer), code)
	}
}

func TestAPageThatDoesNotFollowIsRefused(t *testing.T) {
	d := publishing(t, relay.Policy{})
	d.accepts(d.page(0, 3), 3)
	d.refuses(d.page(4, 1), protocol.Resync)
	d.accepts(d.page(3, 2), 5)
	d.accepts(d.page(3, 2), 5) // its answer was lost
	d.refuses(d.page(2, 1), protocol.Resync)
	d.wants(d.renew(1, 1), kept+" held={5 5}")
}

func TestAnIndexOfBeforeIsDroppedUnlessTheNodeStandsByIt(t *testing.T) {
	d := publishing(t, relay.Policy{})
	d.accepts(d.page(0, 3), 3)
	located := func() (holders, others int) {
		has, may := walkLocate(t, d.Registry, d.at, protocol.Locate{Name: "f1"})
		return len(has), len(may)
	}
	d.wants(d.register(1, 2), granted+" held={5 3}")
	d.wants(d.renew(1, 2), kept+" held={5 3}") // its page may have been lost
	d.accepts(d.Publish(d.at, &protocol.Publish{ID: rolestest.Node(1), Epoch: 2, Index: 5, From: 3, To: 3, Latest: 3}), 3)
	for range roles.MaxDoubt {
		d.wants(d.renew(1, 2), kept+" held={5 3}")
	}
	d.wants(d.register(1, 3), granted+" held={5 3}")
	d.wants(d.renew(1, 3), kept+" held={5 3}")
	if holders, _ := located(); holders != 1 {
		t.Error("it was dropped at the first renewal")
	}
	d.wants(d.renew(1, 3), kept)
	if holders, others := located(); holders != 0 || others != 1 {
		t.Errorf("%d nodes have it, %d may have it", holders, others)
	}
}

// TestAFullIndexKeepsWhatItHolds: a page without room is refused, and costs nothing that is held;
// what needs no room goes through. The node may have anything, until the page has found room.
func TestAFullIndexKeepsWhatItHolds(t *testing.T) {
	for name, policy := range map[string]relay.Policy{"of one": {MaxEntries: 3}, "of all": {MaxIndex: 3}} {
		d := publishing(t, policy)
		others := func() int {
			_, others := walkLocate(t, d.Registry, d.at, protocol.Locate{Name: "nothing"})
			return len(others)
		}
		publish := func(from, to uint64, changes ...protocol.Entry) protocol.Message {
			return d.Publish(d.at, &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 5, From: from, To: to, Latest: 6, Changes: changes})
		}
		d.accepts(d.page(0, 3), 3)
		if others() != 0 {
			t.Fatalf("%s: a node that says all it has is listed for what it has not", name)
		}
		more, most := protocol.Entry{Name: "more", Hash: content(7)}, protocol.Entry{Name: "most", Hash: content(7)}
		for range 5 {
			d.refuses(publish(3, 5, more, protocol.Entry{Name: "f1", Hash: content(8)}), protocol.Limit)
			d.wants(d.renew(1, 1), kept+" held={5 3}")
		}
		if d.Held() != 3 || others() != 1 {
			t.Errorf("%s: %d names are held, and %d nodes may have anything", name, d.Held(), others())
		}
		if holders, _ := walkLocate(t, d.Registry, d.at, protocol.Locate{Name: "f1", Hash: content(8)}); len(holders) != 1 {
			t.Errorf("%s: a change that needs no room was not applied", name)
		}
		d.accepts(publish(3, 3, protocol.Entry{Name: "f2"}), 3) // ahead of its turn: it makes room
		if d.Held() != 2 || others() != 1 {
			t.Errorf("%s: %d names are held", name, d.Held())
		}
		d.accepts(publish(3, 5, more, protocol.Entry{Name: "f1", Hash: content(8)}), 5)
		d.accepts(publish(5, 6, protocol.Entry{Name: "f2"}), 6)
		if others() != 0 {
			t.Errorf("%s: a node whose page has found room may have anything", name)
		}
		d.refuses(publish(6, 6+1, most), protocol.Limit)
	}
}

// TestNamesCountByTheirBytes: of long names fewer are kept, of one node and of all.
func TestNamesCountByTheirBytes(t *testing.T) {
	long := func(i int) string {
		return strings.Repeat(strings.Repeat("x", 200)+"/", 4) + fmt.Sprintf("%0196d", i) // 1000 bytes
	}
	const entries = 100
	most := (entries*roles.MeanName + protocol.MaxName) / 1000
	for name, policy := range map[string]relay.Policy{"of one": {MaxEntries: entries}, "of all": {MaxIndex: entries}} {
		d := publishing(t, policy)
		kept := 0
		for i := range entries {
			answer := d.Publish(d.at, &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 5, From: uint64(i), To: uint64(i + 1), Latest: entries,
				Changes: []protocol.Entry{{Name: long(i), Hash: content(1)}}})
			if _, is := answer.(*protocol.Published); !is {
				break
			}
			kept++
		}
		if kept != most {
			t.Errorf("%s: %d names are kept, not %d", name, kept, most)
		}
		d.Leave(d.at, &protocol.Leave{ID: rolestest.Node(1), Epoch: 1}) // all of their bytes are free again
		d.register(1, 2)
		for i := range most {
			m := &protocol.Publish{ID: rolestest.Node(1), Epoch: 2, Index: 5, From: uint64(i), To: uint64(i + 1), Latest: entries,
				Changes: []protocol.Entry{{Name: long(i), Hash: content(1)}}}
			d.accepts(d.Publish(d.at, m), uint64(i+1))
		}
	}
}

// TestBoundsAreJudgedByTheChangeAndNotByThePage: a page that first makes room passes, where its
// changes the other way round do not.
func TestBoundsAreJudgedByTheChangeAndNotByThePage(t *testing.T) {
	drop, more := protocol.Entry{Name: "f1"}, protocol.Entry{Name: "more", Hash: content(2)}
	for _, changes := range [][]protocol.Entry{{drop, more}, {more, drop}} {
		d := publishing(t, relay.Policy{MaxEntries: 3})
		d.accepts(d.page(0, 3), 3)
		answer := d.Publish(d.at, &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 5, From: 3, To: 5, Latest: 5, Changes: changes})
		if changes[0] == drop {
			d.accepts(answer, 5)
		} else {
			d.refuses(answer, protocol.Limit)
		}
	}
}

func TestOfTwoChangesOfANameInOnePageTheLastStands(t *testing.T) {
	d := publishing(t, relay.Policy{})
	m := &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 5, To: 2, Latest: 2,
		Changes: []protocol.Entry{{Name: "f", Size: 1, Hash: content(1)}, {Name: "f", Size: 2, Hash: content(2)}}}
	d.accepts(d.Publish(d.at, m), 2)
	listed := d.List(d.at, relay.From{}, &protocol.List{}).(*protocol.Listed)
	if len(listed.Items) != 1 || listed.Items[0].Hash != content(2) {
		t.Errorf("listed are %v", listed.Items)
	}
}

// TestAPublishIsJudgedInTheOrderOfSPEC: where two of its rules apply, the first decides.
func TestAPublishIsJudgedInTheOrderOfSPEC(t *testing.T) {
	d := publishing(t, relay.Policy{MaxEntries: 3})
	d.accepts(d.page(0, 3), 3)
	other := &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 5, To: 3, Latest: 3, Changes: []protocol.Entry{{Name: "g", Hash: content(1)}}}
	d.accepts(d.Publish(d.at, other), 3) // a repeat, and from 0
	if items := walkList(t, d.Registry, d.at, protocol.List{}); len(items) != 3 {
		t.Errorf("a repeat was applied: %v", items)
	}
	d.refuses(d.page(3, 1), protocol.Limit)
	d.refuses(d.pageOf(6, 9, 4), protocol.Resync) // over a bound, and does not follow
	d.at.Now += roles.LeaseTTL
	d.refuses(d.page(3, 1), protocol.NoLease) // no lease, and over a bound
}

// TestUntilANodeStandsByItsIndexItMayHaveAnything: after a REGISTER it is listed for what is held
// of it, and for the rest.
func TestUntilANodeStandsByItsIndexItMayHaveAnything(t *testing.T) {
	d := publishing(t, relay.Policy{})
	d.accepts(d.page(0, 3), 3)
	mayHave := func(name string) (holders, others int) {
		has, may := walkLocate(t, d.Registry, d.at, protocol.Locate{Name: name})
		return len(has), len(may)
	}
	d.wants(d.register(1, 2), granted+" held={5 3}")
	if holders, others := mayHave("f1"); holders != 1 || others != 1 {
		t.Errorf("of what is held of it, %d hold it and %d may", holders, others)
	}
	if holders, others := mayHave("g"); holders != 0 || others != 1 {
		t.Errorf("of anything else, %d hold it and %d may", holders, others)
	}
	d.accepts(d.Publish(d.at, &protocol.Publish{ID: rolestest.Node(1), Epoch: 2, Index: 5, From: 3, To: 3, Latest: 3}), 3)
	if holders, others := mayHave("g"); holders+others != 0 {
		t.Errorf("after its page, %d hold it and %d may", holders, others)
	}
}

// TestAPageWithoutRoomStandsByWhatIsHeld: it is a page of this registration, too.
func TestAPageWithoutRoomStandsByWhatIsHeld(t *testing.T) {
	d := publishing(t, relay.Policy{MaxEntries: 3})
	d.accepts(d.page(0, 3), 3)
	d.register(1, 2)
	m := &protocol.Publish{ID: rolestest.Node(1), Epoch: 2, Index: 5, From: 3, To: 4, Latest: 4, Changes: []protocol.Entry{{Name: "f", Hash: content(1)}}}
	d.refuses(d.Publish(d.at, m), protocol.Limit)
	for range 2 * roles.MaxDoubt {
		d.wants(d.renew(1, 2), kept+" held={5 3}")
	}
}

func TestAllNodesTogetherHaveABound(t *testing.T) {
	d := publishing(t, relay.Policy{MaxIndex: 4})
	d.accepts(d.page(0, 3), 3)
	d.register(2, 1)
	m := &protocol.Publish{ID: rolestest.Node(2), Epoch: 1, Index: 9, To: 2, Latest: 2, Changes: []protocol.Entry{{Name: "x", Hash: content(1)}, {Name: "y", Hash: content(1)}}}
	d.refuses(d.Publish(d.at, m), protocol.Limit)
}

func TestANameHasABoundedNumberOfVariants(t *testing.T) {
	d := publishing(t, relay.Policy{})
	for node := range byte(80) {
		d.register(100+node, 1)
		m := &protocol.Publish{ID: rolestest.Node(100 + node), Epoch: 1, Index: 9, To: 1, Latest: 1,
			Changes: []protocol.Entry{{Name: "x", Hash: protocol.Hash{node, 9}}}}
		d.accepts(d.Publish(d.at, m), 1)
	}
	holders, others := walkLocate(t, d.Registry, d.at, protocol.Locate{Name: "x"})
	if len(holders) != 64 || len(others) != 1+16 {
		t.Errorf("%d hold a variant, %d may have it", len(holders), len(others))
	}
}

// The index of a node that has left is dropped in steps, and no newcomer is taken for its holder.
func TestALargeIndexGoesInSteps(t *testing.T) {
	d := publishing(t, relay.Policy{})
	for from := uint64(0); from < 5000; from += 1000 {
		d.accepts(d.page(from, 1000), from+1000)
	}
	d.leave(1, 1)
	if d.Held() == 0 {
		t.Fatal("5,000 names were dropped at once")
	}
	if holders, _ := walkLocate(t, d.Registry, d.at, protocol.Locate{Name: "f1"}); len(holders) != 0 {
		t.Errorf("a node that left is listed as a holder: %v", holders)
	}
	d.register(2, 1)
	if holders, _ := walkLocate(t, d.Registry, d.at, protocol.Locate{Name: "f1"}); len(holders) != 0 {
		t.Errorf("a newcomer is taken for one that left: %v", holders)
	}
	for range 200 {
		d.renew(2, 1)
	}
	if d.Held() != 0 {
		t.Errorf("%d names are still held", d.Held())
	}
}

func TestStartingAnewForgetsAtOnceAndDropsInSteps(t *testing.T) {
	d := publishing(t, relay.Policy{})
	for from := uint64(0); from < 40_000; from += 1000 {
		d.accepts(d.page(from, 1000), from+1000)
	}
	m := &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 6, To: 1, Latest: 1, Changes: []protocol.Entry{{Name: "new", Hash: content(1)}}}
	d.accepts(d.Publish(d.at, m), 1)
	if holders, others := walkLocate(t, d.Registry, d.at, protocol.Locate{Name: "f1"}); len(holders)+len(others) != 0 {
		t.Errorf("what was forgotten is held by %v, perhaps by %v", holders, others)
	}
	if items := walkList(t, d.Registry, d.at, protocol.List{}); len(items) != 1 {
		t.Errorf("%d names are listed", len(items))
	}
	const step = 64 // that each call drops besides its own work
	for calls, held := 0, d.Held(); held > 1; calls++ {
		d.renew(1, 1)
		if now := d.Held(); now != max(held-step, 1) {
			t.Fatalf("after %d calls, %d names are held, before it were %d", calls+1, now, held)
		}
		held = d.Held()
	}
}

// A node that starts over again and again cannot make the relay hold more.
func TestWhoStartsAnewForEverDoesNotMakeTheRelayGrow(t *testing.T) {
	d := publishing(t, relay.Policy{MaxIndex: 4000})
	for round := range 20 {
		for from := uint64(0); from < 4000; from += 1000 {
			d.accepts(d.pageOf(uint64(5+round), from, 1000), from+1000)
		}
		if held := d.Held(); held > 5000 {
			t.Fatalf("after %d rounds %d names are held", round, held)
		}
	}
}

func TestANodeAtItsBoundMayChangeWhatItHas(t *testing.T) {
	d := publishing(t, relay.Policy{MaxEntries: 3, MaxIndex: 3})
	d.accepts(d.page(0, 3), 3)
	change := func(to uint64, changes ...protocol.Entry) protocol.Message {
		return d.Publish(d.at, &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 5, From: to - uint64(len(changes)), To: to, Latest: to, Changes: changes})
	}
	d.accepts(change(4, protocol.Entry{Name: "f2", Hash: content(7)}), 4)
	d.accepts(change(6, protocol.Entry{Name: "f1"}, protocol.Entry{Name: "other", Hash: content(7)}), 6)
	d.refuses(change(7, protocol.Entry{Name: "one more", Hash: content(7)}), protocol.Limit)
}

// A page that is repeated because its answer was lost may have a larger Latest than the first.
func TestARepeatedPageSaysWhetherThatIsAll(t *testing.T) {
	d := publishing(t, relay.Policy{})
	m := &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 5, To: 1, Latest: 1, Changes: []protocol.Entry{{Name: "f", Hash: content(1)}}}
	d.accepts(d.Publish(d.at, m), 1)
	m.Latest = 2
	d.accepts(d.Publish(d.at, m), 1)
	if _, others := walkLocate(t, d.Registry, d.at, protocol.Locate{Name: "g"}); len(others) != 1 {
		t.Errorf("a node that has more to tell is taken for one that told all")
	}
}

// TestANodeIsToldOfNamesWithTooManyContents: how many of its changes found no room under their names.
func TestANodeIsToldOfNamesWithTooManyContents(t *testing.T) {
	d := publishing(t, relay.Policy{})
	refused := uint64(0)
	for node := range byte(70) {
		d.register(20+node, 1)
		m := &protocol.Publish{ID: rolestest.Node(20 + node), Epoch: 1, Index: 9, To: 2, Latest: 2, Changes: []protocol.Entry{
			{Name: "name", Hash: content(int(node) + 1)}, {Name: "other", Hash: content(9)}}}
		answer := d.Publish(d.at, m)
		d.accepts(answer, 2)
		refused += answer.(*protocol.Published).Refused
	}
	if refused != 70-64 {
		t.Errorf("%d changes are refused", refused)
	}
}

func TestAContentIsFoundUnderAllItsNames(t *testing.T) {
	d := publishing(t, relay.Policy{})
	const nodes = 200 // more names than there may be variants of one
	for node := range byte(nodes) {
		d.register(20+node, 1)
		m := &protocol.Publish{ID: rolestest.Node(20 + node), Epoch: 1, Index: 9, To: 2, Latest: 2, Changes: []protocol.Entry{
			{Name: fmt.Sprint("name ", node), Hash: content(9)}, {Name: fmt.Sprint("other name ", node), Hash: content(9)}}}
		d.accepts(d.Publish(d.at, m), 2)
	}
	for _, limit := range []uint64{7, 1000} {
		if holders, _ := walkLocate(t, d.Registry, d.at, protocol.Locate{Hash: content(9), Limit: limit}); len(holders) != nodes {
			t.Errorf("%d of %d holders are found", len(holders), nodes)
		}
	}
}

// A pattern that is hard to match, and finds nothing, makes a page short, not slow. Where an easy one
// takes as many names as a page may pass, a hard one takes few, and all pages together find the same.
func TestAHardPatternMakesShortPages(t *testing.T) {
	d := publishing(t, relay.Policy{})
	const names = 600
	m := &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 5, Latest: names}
	for m.To < names {
		m.From, m.Changes = m.To, nil
		for range 60 {
			m.Changes = append(m.Changes, protocol.Entry{Name: strings.Repeat(strings.Repeat("a", 250)+"/", 3) + strings.Repeat("a", 250) + fmt.Sprint(m.To), Hash: content(1)})
			m.To++
		}
		d.accepts(d.Publish(d.at, m), m.To)
	}
	for hard, least := range map[string]int{
		"**/*" + strings.Repeat("[a-z]", 100) + "[0-9]": 2,
		"**/*" + strings.Repeat("*?", 200) + "[0-9]":    4,
		"**/*" + "/aa" + "[0-9]":                        1,
	} {
		pages, found := 0, 0
		for list := (&protocol.List{Pattern: hard, Limit: 1000}); ; {
			listed := d.List(d.at, relay.From{}, list).(*protocol.Listed)
			found += len(listed.Items)
			pages++
			if list.Cursor = listed.Cursor; listed.Cursor == nil {
				break
			}
		}
		if (found == 0) != (least == 1) || pages < least {
			t.Errorf("%.20s: %d names are found in %d pages", hard, found, pages)
		}
	}
}

// Whoever leaves short pages untaken keeps little of the relay's memory; each name is in one of them.
func TestAShortPageIsBoundedInBytes(t *testing.T) {
	d := publishing(t, relay.Policy{})
	const names = 60
	m := &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 1, To: names, Latest: names}
	for i := range names {
		m.Changes = append(m.Changes, protocol.Entry{Name: strings.Repeat(strings.Repeat("n", 203)+"/", 5) + fmt.Sprint(i), Hash: content(i)})
	}
	d.accepts(d.Publish(d.at, m), names)
	listed, pages := map[string]bool{}, 0
	for cursor := []byte(nil); pages == 0 || cursor != nil; pages++ {
		page := d.List(d.at, relay.From{}, &protocol.List{Limit: roles.ShortList, Holders: protocol.MaxHolders, Cursor: cursor}).(*protocol.Listed)
		if size := len(protocol.Append(nil, page)); size > 17<<10 || len(page.Items) == 0 {
			t.Fatalf("%d items in %d bytes", len(page.Items), size)
		}
		for _, item := range page.Items {
			listed[item.Name] = true
		}
		cursor = page.Cursor
	}
	if len(listed) != names {
		t.Errorf("%d names in %d pages", len(listed), pages)
	}
}

func TestWhatComesAndGoesDoesNotMakeTheRelayGrow(t *testing.T) {
	d := publishing(t, relay.Policy{})
	sequence := uint64(0)
	before := 0.0
	for round := range 60 {
		m := &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 5, From: sequence, To: sequence + 1000, Latest: sequence + 1000}
		for i := range 500 { // each round drops what the one before brought
			m.Changes = append(m.Changes, protocol.Entry{Name: fmt.Sprintf("round %d file %d", round, i), Hash: content(i), Size: 1})
		}
		for i := range 500 {
			m.Changes = append(m.Changes, protocol.Entry{Name: fmt.Sprintf("round %d file %d", round-1, i)})
		}
		d.accepts(d.Publish(d.at, m), sequence+1000)
		sequence += 1000
		if round == 10 {
			before = heap()
		}
	}
	if d.Held() != 500 {
		t.Errorf("%d names are held", d.Held())
	}
	if grown := heap() - before; grown > 256<<10 {
		t.Errorf("50 rounds made the relay grow by %.0f bytes", grown)
	}
}

func TestALinkPublishesAndLists(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Hear(0, rolestest.Sample(protocol.KindPublish), "Idle", "send 0 ERROR no-lease by relay", "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Idle",
		"send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4000", "hear 0")
	s.Hear(0, &protocol.Publish{ID: rolestest.Node(1), Epoch: 1, Index: 5, To: 1, Latest: 1, Changes: []protocol.Entry{{Name: "f", Hash: content(1)}}},
		"Idle", "send 0 PUBLISHED index=5 sequence=1", "hear 0")
	s.Hear(0, &protocol.List{}, "Answering", "send 0 LISTED items=1 told")
	s.Waits(roles.AnswerPatience)
	s.Tell(roles.Sent{}, "Idle", "hear 0")
}

// TestABadChangeCostsItsNameAlone: the others are held, and a node of whose changes some were bad
// counts as one that may have anything, until it has published the whole again.
func TestABadChangeCostsItsNameAlone(t *testing.T) {
	d := publishing(t, relay.Policy{})
	located := func(name string) string {
		has, may := walkLocate(t, d.Registry, d.at, protocol.Locate{Name: name})
		return fmt.Sprintf("%d has it, %d may", len(has), len(may))
	}
	wants := func(name, want string) {
		t.Helper()
		if got := located(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	page := &protocol.Publish{
		ID: rolestest.Node(1), Epoch: 1, Index: 5, To: 3, Latest: 3, LeftOut: 1,
		Changes: []protocol.Entry{{Name: "a", Hash: content(1)}, {Name: "b", Hash: content(2)}},
	}
	for range 2 { // as well where its answer was lost
		answer := d.Publish(d.at, page)
		d.accepts(answer, 3)
		if is := answer.(*protocol.Published); is.Refused != 1 {
			t.Errorf("the node is told that %d changes are refused", is.Refused)
		}
		wants("a", "1 has it, 1 may")
		wants("elsewhere", "0 has it, 1 may")
	}
	d.accepts(d.page(3, 2), 5)
	wants("f4", "1 has it, 1 may")
	d.accepts(d.page(0, 3), 3)
	wants("elsewhere", "0 has it, 0 may")
}

// A date is what the node that has published it last says, of those that have the file: as long as it
// has it. Another date makes no other item, and its node stays where it is among the holders.
func TestADateIsThatOfTheLastNodeThatHasTheFile(t *testing.T) {
	d := publishing(t, relay.Policy{})
	d.register(2, 1)
	sequences := map[byte]uint64{}
	says := func(node byte, e protocol.Entry) {
		t.Helper()
		from := sequences[node]
		sequences[node]++
		d.accepts(d.Publish(d.at, &protocol.Publish{
			ID: rolestest.Node(node), Epoch: 1, Index: 5, From: from, To: from + 1, Latest: from + 1, Changes: []protocol.Entry{e},
		}), from+1)
	}
	dated := func(seconds uint64) protocol.Entry {
		return protocol.Entry{Name: "a", Size: 1, Hash: content(1), Modified: seconds}
	}
	lists := func(want ...uint64) {
		t.Helper()
		listed := d.List(d.at, relay.From{}, &protocol.List{Holders: 2}).(*protocol.Listed)
		var got []uint64
		for _, item := range listed.Items {
			got = append(got, item.Modified)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("the dates %d are listed, want %d", got, want)
		}
	}
	says(1, dated(protocol.MaxModified-1))
	lists(protocol.MaxModified - 1)
	says(2, dated(7))
	lists(7)
	says(1, dated(protocol.MaxModified-1)) // which is no news
	lists(7)
	says(1, dated(8))
	lists(8)
	says(2, dated(0)) // it says none any more
	lists(0)
	says(2, dated(9))
	says(2, protocol.Entry{Name: "a"})
	lists(8)
	says(2, protocol.Entry{Name: "a", Mark: protocol.Pending, Modified: 10})
	lists(8, 10)
	says(1, protocol.Entry{Name: "a"})
	lists(10)
	d.Leave(d.at, &protocol.Leave{ID: rolestest.Node(2), Epoch: 1})
	lists()
}
