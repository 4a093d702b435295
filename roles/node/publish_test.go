package node_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// sharing is the config of a node that publishes that many files.
func sharing(files int) node.Config {
	c := config
	c.Catalog = node.NewCatalog(1)
	for i := range files {
		c.Catalog.Set(fmt.Sprint("f", i), 10, protocol.Hash{byte(i + 1)})
	}
	c.Catalog.Extend(roles.ExtentWhole)
	return c
}

// restless is a node whose share changes whenever it is notified.
type restless struct {
	*node.Membership
	catalog *node.Catalog
	changes int
}

func (r *restless) Step(at roles.Moment, in roles.Input) []roles.Effect {
	if _, is := in.(roles.Notified); is {
		r.changes++
		r.catalog.Set(fmt.Sprint("new", r.changes), 1, protocol.Hash{1})
		r.catalog.Drop("f0")
	}
	return r.Membership.Step(at, in)
}

func says(page *protocol.Publish) string { return "send 0 " + rolestest.Say(page) }

func publishes(c node.Config, held uint64) string {
	page := c.Catalog.Page(protocol.Held{Index: 1, Sequence: held})
	page.ID, page.Epoch = c.ID, c.Epoch
	return says(page)
}

// published returns a story about a membership that publishes for the first time.
func published(t *testing.T, c node.Config) *rolestest.Story {
	t.Helper()
	m := node.NewMembership(c)
	s := rolestest.New(t, m, m.State)
	s.Tell(roles.Started{}, "Dialing", dials)
	s.Tell(roles.Opened{}, "Registering", registersToPublish, hear)
	s.Hear(0, rolestest.Sample(protocol.KindRegistered), "Publishing", publishes(c, 0), hear, "report leased")
	s.Waits(roles.ReplyTimeout)
	return s
}

func rests(t *testing.T, c node.Config) *rolestest.Story {
	t.Helper()
	s := published(t, c)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: c.Catalog.State().Sequence}, "Closing", halfClose, discard, "report published")
	s.At.Rand = uint64(30 * time.Second / 10)
	s.Tell(roles.PeerEnded{}, "Leased", hangUp)
	return s
}

func TestANodePublishesWhatItSharesOnTheLinkOfItsRegistration(t *testing.T) {
	rests(t, sharing(2)).Waits(30 * time.Second)
	rests(t, sharing(0)).Waits(30 * time.Second) // an empty index is published too
}

// TestWhatIsHeldOfBeforeIsConfirmedUntilItIsHeard: the confirming page is lost, and the relay says
// at the next renewal that it holds the whole index.
func TestWhatIsHeldOfBeforeIsConfirmedUntilItIsHeard(t *testing.T) {
	c := sharing(2)
	m := node.NewMembership(c)
	s := rolestest.New(t, m, m.State)
	held := protocol.Held{Index: 1, Sequence: 2}
	s.Tell(roles.Started{}, "Dialing", dials)
	s.Tell(roles.Opened{}, "Registering", registersToPublish, hear)
	s.Hear(0, &protocol.Registered{TTL: 90000, Renew: 30000, Host: protocol.IP{192, 0, 2, 7}, Port: 1, Held: held}, "Publishing", publishes(c, 2), hear, "report leased")
	s.Ring("Leased", "report exchangefailed", hangUp)
	s.Ring("Dialing", dials)
	s.Tell(roles.Opened{}, "Renewing", renews, hear)
	s.Hear(0, &protocol.Renewed{TTL: 90000, Renew: 30000, Held: held}, "Publishing", publishes(c, 2), hear)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 2}, "Closing", halfClose, discard, "report published")
}

func TestALongIndexGoesInPages(t *testing.T) {
	c := sharing(2500)
	s := published(t, c)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 1000}, "Publishing", publishes(c, 1000), hear)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 2000}, "Publishing", publishes(c, 2000), hear)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 2500}, "Closing", halfClose, discard, "report published")
}

func TestTheFirstChangeOfAQuietSpellIsToldAtOnce(t *testing.T) {
	c := sharing(2)
	s := rests(t, c)
	s.At.Now += roles.PublishGap - time.Millisecond
	c.Catalog.Drop("f0")
	s.Tell(roles.Notified{}, "Leased")
	s.Waits(time.Millisecond)
	s.At.Now += time.Second
	c.Catalog.Mark("f0", 1, protocol.Pending)
	s.Tell(roles.Notified{}, "Leased") // it is not put off
	s = rests(t, c)
	s.At.Now += roles.PublishGap
	c.Catalog.Drop("f1")
	s.Tell(roles.Notified{}, "Leased")
	s.Waits(0)
	s.Ring("Dialing", dials)
}

func TestChangesAreGatheredAndToldWithAnEarlyRenewal(t *testing.T) {
	c := sharing(2)
	s := rests(t, c)
	s.Tell(roles.Notified{}, "Leased") // nothing is new
	s.Waits(30 * time.Second)
	c.Catalog.Drop("f0")
	s.Tell(roles.Notified{}, "Leased")
	s.Waits(roles.PublishGap)
	s.Tell(roles.Notified{}, "Leased") // it is not put off
	s.Waits(roles.PublishGap)
	s.Ring("Dialing", dials)
	s.Tell(roles.Opened{}, "Renewing", renews, hear)
	s.Hear(0, &protocol.Renewed{TTL: 90_000, Renew: 30_000, Held: protocol.Held{Index: 1, Sequence: 2}}, "Publishing", publishes(c, 2), hear)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 3}, "Closing", halfClose, discard, "report published")
}

// TestRefusedChangesAreReported with the whole index: those of all of its pages since its start.
func TestRefusedChangesAreReported(t *testing.T) {
	c := sharing(2500)
	m := node.NewMembership(c)
	refused := func(in ...roles.Input) (is int) {
		is = -1
		for _, in := range in {
			for _, e := range m.Step(roles.Moment{}, in) {
				if report, _ := e.(roles.Report); report.Outcome != nil {
					if published, whole := report.Outcome.(node.Published); whole {
						is = published.Refused
					}
				}
			}
		}
		return is
	}
	page := func(to, refused uint64) roles.Input {
		return roles.Heard{Message: &protocol.Published{Index: 1, Sequence: to, Refused: refused}}
	}
	if is := refused(roles.Started{}, roles.Opened{}, roles.Heard{Message: rolestest.Sample(protocol.KindRegistered)}, page(1000, 2), page(2000, 0), page(2500, 3)); is != 5 {
		t.Errorf("%d changes are refused", is)
	}
	if m = node.NewMembership(c); refused(roles.Started{}, roles.Opened{}, roles.Heard{Message: rolestest.Sample(protocol.KindRegistered)}, page(1000, 2),
		roles.Heard{Message: refusal(protocol.Resync)}, page(1000, 1), page(2500, 0)) != 1 {
		t.Error("changes of an index that is published anew count twice")
	}
}

func TestARelayThatHasLostTheThreadHearsTheWholeAgain(t *testing.T) {
	c := sharing(2)
	s := published(t, c)
	s.Hear(0, refusal(protocol.Resync), "Publishing", publishes(c, 0), hear)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 2}, "Closing", halfClose, discard, "report published")
}

func TestARelayThatNeverHoldsAnythingIsGivenUp(t *testing.T) {
	c := sharing(2)
	s := published(t, c)
	for range roles.MaxResyncs { // the first one names the index
		s.Hear(0, &protocol.Published{Index: 1}, "Publishing", publishes(c, 0), hear)
	}
	s.Hear(0, &protocol.Published{Index: 1}, "Closing", "report exchangefailed", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Leased", hangUp)
	s.Waits(2 * roles.PublishGap) // and the next try is put off longer and longer
}

func TestWhatGoesWrongInPublishingCostsNoLease(t *testing.T) {
	for what, in := range map[string]roles.Input{
		"refused":   roles.Heard{Message: refusal(protocol.Internal)},
		"limit":     roles.Heard{Message: refusal(protocol.Limit)},
		"malformed": roles.Malformed{Err: &protocol.Error{Code: protocol.Malformed}},
		"silent":    roles.Lost{Code: protocol.Timeout},
	} {
		c := sharing(2)
		m := node.NewMembership(c)
		s := rolestest.New(t, m, m.State)
		step := func(in roles.Input) { m.Step(s.At, in) }
		for _, in := range []roles.Input{roles.Started{}, roles.Opened{}, roles.Heard{Message: rolestest.Sample(protocol.KindRegistered)}, in} {
			step(in)
		}
		if m.State() == node.MembershipClosing {
			step(roles.PeerEnded{})
		}
		if m.State() != node.MembershipLeased {
			t.Errorf("%s: %s", what, m.State())
		}
	}
}

// TestAPageWithoutRoomIsTriedAgain: ahead of the renewal, after twice as long each time, and at each
// renewal.
func TestAPageWithoutRoomIsTriedAgain(t *testing.T) {
	c := sharing(2)
	s := published(t, c)
	s.At.Rand = uint64(30 * time.Second / 10)
	for _, wait := range []time.Duration{2, 4, 8, 15, 15} {
		s.Hear(0, refusal(protocol.Limit), "Closing", "report exchangefailed", halfClose, discard)
		s.Tell(roles.PeerEnded{}, "Leased", hangUp)
		s.Waits(min(2*wait*time.Second, 30*time.Second))
		s.Ring("Dialing", dials)
		s.Tell(roles.Opened{}, "Renewing", renews, hear)
		s.Hear(0, rolestest.Sample(protocol.KindRenewed), "Publishing", publishes(c, 0), hear)
	}
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 2}, "Closing", halfClose, discard, "report published")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp)
	s.Waits(30 * time.Second)
}

// TestNamesThatAreGoneMakeRoom: what is shared no longer is told ahead of the changes that find no
// room, once, and then these are tried again.
func TestNamesThatAreGoneMakeRoom(t *testing.T) {
	c := sharing(2)
	s := published(t, c)
	c.Catalog.Set("new", 1, protocol.Hash{9})
	c.Catalog.Drop("f0")
	c.Catalog.Drop("f1")
	next := "send 0 " + rolestest.Say(&protocol.Publish{ID: c.ID, Epoch: c.Epoch, Index: 1, From: 2, To: 5, Latest: 5, Changes: make([]protocol.Entry, 3)})
	ahead := "send 0 " + rolestest.Say(&protocol.Publish{ID: c.ID, Epoch: c.Epoch, Index: 1, From: 2, To: 2, Latest: 6, Changes: make([]protocol.Entry, 2)})
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 2}, "Publishing", next, hear)
	s.Hear(0, refusal(protocol.Limit), "Publishing", ahead, hear)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 2}, "Publishing", next, hear)
	s.Hear(0, refusal(protocol.Limit), "Closing", "report exchangefailed", halfClose, discard)
}

func TestALeaseThatIsGoneWhilePublishingIsRegisteredAnew(t *testing.T) {
	s := published(t, sharing(2))
	s.Hear(0, refusal(protocol.NoLease), "Closing", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Offline", hangUp, "report exchangefailed")
}

func TestANodeThatStopsWhilePublishingLeaves(t *testing.T) {
	c := sharing(2500)
	s := published(t, c)
	s.Tell(roles.Stopped{}, "Publishing")
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 1000}, "Leaving", parts, hear)
}

// TestANumberThatWasNeverGivenOutCountsAsNothing: the relay confuses two nodes, or the node has
// lost its numbering.
func TestANumberThatWasNeverGivenOutCountsAsNothing(t *testing.T) {
	c := sharing(2)
	s := rests(t, c)
	s.Ring("Dialing", dials)
	s.Tell(roles.Opened{}, "Renewing", renews, hear)
	beyond := protocol.Held{Index: 1, Sequence: 3}
	s.Hear(0, &protocol.Renewed{TTL: 90_000, Renew: 30_000, Held: beyond}, "Publishing", publishes(c, 0), hear)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 3}, "Publishing", publishes(c, 0), hear)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 2}, "Closing", halfClose, discard, "report published")
}
