package client_test

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

func querying(t *testing.T, ask protocol.Message) *rolestest.Story {
	t.Helper()
	q := client.NewQuery(relayAddress, ask)
	s := rolestest.New(t, q, q.State)
	s.Tell(roles.Started{}, "Dialing", "dial 0 relay:4000")
	s.Waits(roles.DialTimeout)
	s.Tell(roles.Opened{}, asking(ask), "send 0 "+rolestest.Say(ask), "hear 0")
	s.Waits(roles.ReplyTimeout)
	return s
}

// asking returns the state in which the answer is awaited.
func asking(ask protocol.Message) string {
	if ask.Kind() == protocol.KindList {
		return "Listing"
	}
	return "Locating"
}

// answered fails unless the query came to that, and said so once, at the end.
func answered(t *testing.T, s *rolestest.Story, code protocol.Code, by protocol.Party) {
	t.Helper()
	got := of[client.QueryResult](t, s)
	if got.Code != code || got.By != by || got != s.Machine.(*client.Query).Result() || !s.Machine.Final() {
		t.Errorf("result %+v, final: %v", got, s.Machine.Final())
	}
}

func TestAllPagesComeOverOneLink(t *testing.T) {
	s := querying(t, &protocol.List{Pattern: "*.txt", Limit: 2})
	s.Hear(0, &protocol.Listed{Cursor: []byte{7}}, "Listing", "send 0 LIST pattern=*.txt limit=2 cursor=07", "hear 0", "report page")
	s.Hear(0, &protocol.Listed{Cursor: []byte{9}}, "Listing", "send 0 LIST pattern=*.txt limit=2 cursor=09", "hear 0", "report page")
	s.Hear(0, &protocol.Listed{}, "Leaving", "halfclose 0", "discard 0", "report page", "report queryresult")
	s.Waits(roles.CloseTimeout)
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	answered(t, s, 0, 0)

	s = querying(t, &protocol.Locate{Name: "a.txt"})
	s.Hear(0, &protocol.Located{Cursor: []byte{7}}, "Locating", "send 0 LOCATE name=a.txt cursor=07", "hear 0", "report page")
	s.Hear(0, &protocol.Located{}, "Leaving", "halfclose 0", "discard 0", "report page", "report queryresult")
	s.Tell(roles.Lost{Code: protocol.Lost}, "Closed", "hangup 0") // it has said all that was asked
	answered(t, s, 0, 0)
}

// TestWhatWasAskedStaysAsItWas: a message that was sent may be written out later.
func TestWhatWasAskedStaysAsItWas(t *testing.T) {
	ask := &protocol.Locate{Name: "a.txt"}
	s := querying(t, ask)
	s.Hear(0, &protocol.Located{Cursor: []byte{7}}, "Locating", "send 0 LOCATE name=a.txt cursor=07", "hear 0", "report page")
	if ask.Cursor != nil {
		t.Errorf("the first request now has the cursor %x", ask.Cursor)
	}
}

func TestARelayThatDoesNotAnswerARequestIsLeft(t *testing.T) {
	s := querying(t, &protocol.List{})
	s.Hear(0, &protocol.Located{}, "Leaving", "send 0 ERROR unexpected by client", "halfclose 0", "discard 0", "report queryresult")
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	answered(t, s, protocol.Unexpected, protocol.Client)

	s = querying(t, &protocol.Locate{})
	s.Hear(0, refusal(protocol.Busy), "Leaving", "halfclose 0", "discard 0", "report queryresult") // it is a node
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	answered(t, s, protocol.Busy, protocol.Node)

	s = querying(t, &protocol.List{})
	s.Ring("Closed", "hangup 0", "report queryresult")
	answered(t, s, protocol.Timeout, protocol.Client)

	s = querying(t, &protocol.List{})
	s.Tell(roles.Malformed{Err: &protocol.Error{Code: protocol.TooLarge}}, "Leaving", "send 0 ERROR too-large by client", "halfclose 0", "discard 0", "report queryresult")
	s.Ring("Closed", "hangup 0")
	answered(t, s, protocol.TooLarge, protocol.Client)
}

// TestABrokenLinkToTheRelayIsMadeAgain: the same page is asked for, over another address of the relay
// if it has several; unless two links in a row break before they bring one.
func TestABrokenLinkToTheRelayIsMadeAgain(t *testing.T) {
	opened := roles.Opened{Peer: netip.MustParseAddrPort("192.0.2.1:4000")}
	for _, broke := range []roles.Input{roles.Lost{Code: protocol.Lost}, roles.PeerEnded{}} {
		s := querying(t, &protocol.List{})
		s.Tell(broke, "Dialing", "hangup 0", "dial 0 relay:4000")
		s.Waits(roles.DialTimeout)
		s.Tell(opened, "Listing", "send 0 LIST", "hear 0")
		s.Waits(roles.ReplyTimeout)
		s.Hear(0, &protocol.Listed{Cursor: []byte{7}}, "Listing", "send 0 LIST cursor=07", "hear 0", "report page")
		s.Tell(broke, "Dialing", "hangup 0", "dial 0 relay:4000 last 192.0.2.1")
		s.Tell(opened, "Listing", "send 0 LIST cursor=07", "hear 0")
		s.Hear(0, &protocol.Listed{}, "Leaving", "halfclose 0", "discard 0", "report page", "report queryresult")
		s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
		answered(t, s, 0, 0)

		s = querying(t, &protocol.Locate{})
		s.Tell(broke, "Dialing", "hangup 0", "dial 0 relay:4000")
		s.Tell(roles.Opened{}, "Locating", "send 0 LOCATE", "hear 0")
		s.Tell(broke, "Closed", "hangup 0", "report queryresult")
		answered(t, s, protocol.Lost, protocol.Client)
	}
	for _, then := range []protocol.Code{protocol.Refused, protocol.Unreachable, protocol.Lost} { // and no third try
		s := querying(t, &protocol.Locate{})
		s.Tell(roles.Lost{Code: protocol.Lost}, "Dialing", "hangup 0", "dial 0 relay:4000")
		s.Tell(roles.Lost{Code: then}, "Closed", "hangup 0", "report queryresult")
		answered(t, s, then, protocol.Client)
	}
	s := querying(t, &protocol.Locate{}) // the system's timeout is no break: the answer had its time
	s.Tell(roles.Lost{Code: protocol.Timeout}, "Closed", "hangup 0", "report queryresult")
	answered(t, s, protocol.Timeout, protocol.Client)
}

// TestAListThatIsPutOffIsAskedForAgain: the same page, over a link of its own, after what the relay
// asked for, doubled, and up to half of it longer; and not for ever.
func TestAListThatIsPutOffIsAskedForAgain(t *testing.T) {
	busy := &protocol.Error{Code: protocol.Busy, By: protocol.Relay, Retry: 2000}
	s := querying(t, &protocol.List{})
	s.Hear(0, &protocol.Listed{Cursor: []byte{7}}, "Listing", "send 0 LIST cursor=07", "hear 0", "report page")
	for try := range roles.MaxBusy - 1 {
		s.At.Rand = uint64(try) * 12345678901
		s.Hear(0, busy, "PutOff", "halfclose 0", "discard 0")
		s.Waits(roles.CloseTimeout)
		switch try {
		case 0:
			s.Ring("Waiting", "hangup 0")
		case 1:
			s.Tell(roles.Lost{Code: protocol.Lost}, "Waiting", "hangup 0")
		default:
			s.Tell(roles.PeerEnded{}, "Waiting", "hangup 0")
		}
		if least := 2 * time.Second << try; s.Wait() < least || s.Wait() > least*3/2 {
			t.Errorf("try %d waits %v, want %v and up to half of it more", try, s.Wait(), least)
		}
		s.Ring("Dialing", "dial 0 relay:4000")
		s.Tell(roles.Opened{}, "Listing", "send 0 LIST cursor=07", "hear 0")
	}
	s.Hear(0, busy, "Leaving", "halfclose 0", "discard 0", "report queryresult")
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	answered(t, s, protocol.Busy, protocol.Relay)
}

// TestNodesAreAskedForAgainWhenTheRelayIsBusy, too: it had no room for the link.
func TestNodesAreAskedForAgainWhenTheRelayIsBusy(t *testing.T) {
	s := querying(t, &protocol.Locate{Name: "a.txt"})
	s.Hear(0, &protocol.Error{Code: protocol.Busy, By: protocol.Relay, Retry: 2000}, "PutOff", "halfclose 0", "discard 0")
	s.Tell(roles.PeerEnded{}, "Waiting", "hangup 0")
	s.Waits(2 * time.Second)
	s.Ring("Dialing", "dial 0 relay:4000")
	s.Tell(roles.Opened{}, "Locating", "send 0 LOCATE name=a.txt", "hear 0")
	s.Hear(0, &protocol.Located{}, "Leaving", "halfclose 0", "discard 0", "report page", "report queryresult")
}

// TestAQueryThatWaitsForTheRelayIsStopped, and one that has heard a page is put off anew.
func TestAQueryThatWaitsForTheRelayIsStopped(t *testing.T) {
	busy := &protocol.Error{Code: protocol.Busy, By: protocol.Relay, Retry: 1 << 60}
	s := querying(t, &protocol.List{})
	s.Hear(0, busy, "PutOff", "halfclose 0", "discard 0")
	s.Tell(roles.PeerEnded{}, "Waiting", "hangup 0")
	s.Waits(roles.RetryMost)
	s.Ring("Dialing", "dial 0 relay:4000")
	s.Tell(roles.Opened{}, "Listing", "send 0 LIST", "hear 0")
	s.Hear(0, &protocol.Listed{Cursor: []byte{7}}, "Listing", "send 0 LIST cursor=07", "hear 0", "report page")
	s.Hear(0, busy, "PutOff", "halfclose 0", "discard 0")
	s.Tell(roles.PeerEnded{}, "Waiting", "hangup 0")
	s.Tell(roles.Stopped{}, "Closed", "report queryresult")
	answered(t, s, protocol.Interrupted, protocol.Client)
}

func TestAListThatNeverEndsIsLeft(t *testing.T) {
	s := querying(t, &protocol.List{})
	for range roles.MaxPages - 1 {
		s.Hear(0, &protocol.Listed{Cursor: []byte{1}}, "Listing", "send 0 LIST cursor=01", "hear 0", "report page")
	}
	s.Hear(0, &protocol.Listed{Cursor: []byte{1}}, "Leaving", "halfclose 0", "discard 0", "report page", "report queryresult")
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	answered(t, s, protocol.Limit, protocol.Client)
}

// TestAnAnswerOfMoreThanThereCanBeIsLeft: of more names, more bytes of names, or more nodes than a
// relay keeps.
func TestAnAnswerOfMoreThanThereCanBeIsLeft(t *testing.T) {
	nodes := &protocol.Located{Cursor: []byte{1}, Peers: make([]protocol.Peer, protocol.MaxPage)}
	names := func(length int) *protocol.Listed {
		page := &protocol.Listed{Cursor: []byte{1}, Items: make([]protocol.Item, protocol.MaxPage)}
		for i := range page.Items {
			page.Items[i].Name = strings.Repeat("x", length)
		}
		return page
	}
	for _, test := range []struct {
		ask, page protocol.Message
		pages     int
	}{
		{&protocol.Locate{}, nodes, roles.MaxLeases / protocol.MaxPage},
		{&protocol.List{}, names(1), roles.MaxIndex / protocol.MaxPage},
		{&protocol.List{}, names(protocol.MaxName), roles.MaxIndex * roles.MeanName / (protocol.MaxPage * protocol.MaxName)},
	} {
		q := client.NewQuery(relayAddress, test.ask)
		at := roles.Moment{}
		tell := func(in roles.Input) (state string) { q.Step(at, in); return string(q.State()) }
		tell(roles.Started{})
		asked := tell(roles.Opened{})
		for n := 1; n < test.pages; n++ {
			if state := tell(roles.Heard{Message: test.page}); state != asked {
				t.Fatalf("%v: %s after %d pages", test.page.Kind(), state, n)
			}
			if n%1000 == 0 { // a reader that rests does not begin to count anew
				tell(roles.Stopped{})
				q.Again()
				tell(roles.Started{})
				tell(roles.Opened{})
			}
		}
		if state := tell(roles.Heard{Message: test.page}); state != "Leaving" || q.Result().Code != protocol.Limit {
			t.Errorf("%v: %s, %+v", test.page.Kind(), state, q.Result())
		}
	}
}

func TestAQueryIsStopped(t *testing.T) {
	s := querying(t, &protocol.List{})
	s.Tell(roles.Stopped{}, "Closed", "hangup 0", "report queryresult")
	s.Tell(roles.Stopped{}, "Closed")
	answered(t, s, protocol.Interrupted, protocol.Client)
}

// TestAnInviteGoesAheadOfTheQuestion, once in a run, and costs no round trip.
func TestAnInviteGoesAheadOfTheQuestion(t *testing.T) {
	proven := roles.Opened{ID: rolestest.Node(9)}
	for _, ask := range []protocol.Message{&protocol.Locate{}, &protocol.List{}} {
		q := client.NewQuery(relayAddress, ask)
		q.Expect(rolestest.Node(9))
		q.Enter(roles.Entry{Invite: rolestest.Invite(), ID: rolestest.Node(1)})
		s := rolestest.New(t, q, q.State)
		s.Tell(roles.Started{}, "Dialing", "dial 0 relay:4000 expects 09")
		sent := []string{rolestest.Describe(roles.Send{Message: rolestest.Sample(protocol.KindEnter)}), "send 0 " + rolestest.Say(ask), "hear 0"}
		s.Tell(proven, "Entering", sent...)
		s.Waits(roles.ReplyTimeout)
		s.Tell(roles.Lost{Code: protocol.Lost}, "Dialing", "hangup 0", "dial 0 relay:4000 expects 09")
		s.Tell(proven, "Entering", sent...) // again, for it may not have come
		s.Hear(0, &protocol.Entered{Role: protocol.ClientRole}, asking(ask), "hear 0", "report entered")
		s.Tell(roles.Lost{Code: protocol.Lost}, "Closed", "hangup 0", "report queryresult")
		q.Again()
		s.Tell(roles.Started{}, "Dialing", "dial 0 relay:4000 expects 09")
		s.Tell(proven, asking(ask), "send 0 "+rolestest.Say(ask), "hear 0")
	}
	q := client.NewQuery(relayAddress, &protocol.Locate{})
	q.Enter(roles.Entry{Invite: rolestest.Invite(), ID: rolestest.Node(1)})
	s := rolestest.New(t, q, q.State)
	s.Tell(roles.Started{}, "Dialing", "dial 0 relay:4000")
	s.Tell(roles.Opened{}, "Locating", "send 0 LOCATE", "hear 0") // in plain there is nobody to admit
}

// TestTheFirstRefusalCounts: behind a refused ENTER each request is refused as well.
func TestTheFirstRefusalCounts(t *testing.T) {
	q := client.NewQuery(relayAddress, &protocol.Locate{})
	q.Enter(roles.Entry{Invite: rolestest.Invite(), ID: rolestest.Node(1)})
	s := rolestest.New(t, q, q.State)
	s.Tell(roles.Started{}, "Dialing", "dial 0 relay:4000")
	s.Tell(roles.Opened{ID: rolestest.Node(9)}, "Entering", rolestest.Describe(roles.Send{Message: rolestest.Sample(protocol.KindEnter)}), "send 0 LOCATE", "hear 0")
	s.Hear(0, &protocol.Error{Code: protocol.Denied, By: protocol.Relay, Text: "the invite is used up"}, "Leaving", "report met", "halfclose 0", "discard 0", "report queryresult")
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	answered(t, s, protocol.Denied, protocol.Relay)
}

func querySubject(ask protocol.Message) rolestest.Subject {
	subject := rolestest.NewSubject(client.QueryTable(), roles.Started{}, func() rolestest.Explorable { return client.NewQuery(relayAddress, ask) })
	subject.Says = []protocol.Message{
		&protocol.Located{Peers: peers(1)}, &protocol.Located{Cursor: []byte{1}}, &protocol.Listed{}, &protocol.Listed{Cursor: []byte{1}},
		&protocol.Error{Code: protocol.Busy, By: protocol.Relay}, refusal(protocol.Busy), refusal(protocol.Internal), grants(),
	}
	return subject
}

// invitedSubject explores a query with an invite.
func invitedSubject(ask protocol.Message) rolestest.Subject {
	subject := querySubject(ask)
	subject.Proves = rolestest.Node(9)
	subject.Says = append(subject.Says, &protocol.Entered{Role: protocol.ClientRole})
	subject.New = func() rolestest.Explorable {
		q := client.NewQuery(relayAddress, ask)
		q.Enter(roles.Entry{Invite: rolestest.Invite(), ID: rolestest.Node(1)})
		return q
	}
	return subject
}

func TestWhateverHappensToAQuery(t *testing.T) {
	rolestest.Explore(t, querySubject(&protocol.Locate{Name: "a.txt"}), querySubject(&protocol.List{}),
		invitedSubject(&protocol.Locate{Name: "a.txt"}), invitedSubject(&protocol.List{}),
		querySubject(circuitTo(3)), invitedSubject(circuitTo(3)), aheadQuerySubject())
}

// TestARelayNamesNoNarrowerAddressThanItsOwn: who believed it could be sent to the machines of his own network.
// The nodes that are left out count as withheld, and a relay on the client's machine may name what it likes.
func TestARelayNamesNoNarrowerAddressThanItsOwn(t *testing.T) {
	at := netip.MustParseAddrPort
	for _, c := range []struct {
		relay, local string
		named        int
	}{
		{"8.8.8.8:4000", "192.168.1.5:50000", 1}, {"10.0.0.1:4000", "10.0.0.2:50000", 2}, {"127.0.0.1:4000", "127.0.0.1:50000", 3},
		{"10.0.0.1:4000", "10.0.0.1:50000", 3}, {"[2a00:9:0:1::1]:4000", "[2a00:9:0:2::3]:50000", 2}, {"[2a00:9:1::1]:4000", "[2a00:9:2::3]:50000", 1},
	} {
		query := client.NewQuery("relay:4000", &protocol.Locate{})
		s := rolestest.New(t, query, query.State)
		s.Tell(roles.Started{}, "Dialing", "dial 0 relay:4000")
		s.Tell(roles.Opened{Peer: at(c.relay), Local: at(c.local)}, "Locating", "send 0 LOCATE", "hear 0")
		s.Hear(0, &protocol.Located{Peers: []protocol.Peer{
			protocol.PeerAt(at("127.0.0.1:1")), protocol.PeerAt(at("10.0.0.7:2")), protocol.PeerAt(at("9.9.9.9:3")),
		}}, "Leaving", "halfclose 0", "discard 0", "report page", "report queryresult")
		page := s.Reports[0].(client.Page).Answer.(*protocol.Located)
		if len(page.Peers) != c.named || int(page.Withheld) != 3-c.named {
			t.Errorf("a relay at %s names %d nodes to a client at %s, and %d are withheld", c.relay, len(page.Peers), c.local, page.Withheld)
		}
	}
}

// TestNoNumberOfARelayHidesWhatIsLeftOut: the two counts are not added up to none.
func TestNoNumberOfARelayHidesWhatIsLeftOut(t *testing.T) {
	query := client.NewQuery("relay:4000", &protocol.Locate{})
	s := rolestest.New(t, query, query.State)
	s.Tell(roles.Started{}, "Dialing", "dial 0 relay:4000")
	s.Tell(roles.Opened{Peer: netip.MustParseAddrPort("8.8.8.8:4000"), Local: netip.MustParseAddrPort("192.168.1.5:50000")}, "Locating", "send 0 LOCATE", "hear 0")
	s.Hear(0, &protocol.Located{Withheld: math.MaxUint64, Peers: []protocol.Peer{protocol.PeerAt(netip.MustParseAddrPort("127.0.0.1:1"))}},
		"Leaving", "halfclose 0", "discard 0", "report page", "report queryresult")
	if page := s.Reports[0].(client.Page).Answer.(*protocol.Located); page.Withheld <= roles.MaxLeases {
		t.Errorf("%d are withheld", page.Withheld)
	}
}
