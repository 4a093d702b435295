package client_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// TestABrokenLinkIsMadeAgain: to the only node, as long as of two links in a row one brings something.
func TestABrokenLinkIsMadeAgain(t *testing.T) {
	f := made(3*group, 1)
	for _, once := range []bool{false, true} {
		r := request
		r.Once = once
		s := receiving(t, r, f, 1)
		s.Tell(roles.Verified{Link: 1}, "Fetching", "report had", f.gets(1, 2, 1))
		opened := func(first uint64) { answers(1, s, "Fetching", f.gets(1, first, 1)) }
		if once {
			opened = func(first uint64) {
				s.Tell(roles.Opened{Link: 1}, "Fetching", f.insists(1, f.gets(1, first, 1))...)
			}
		}
		s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Fetching", goes(1, dials(1, 1))...)
		opened(1)
		s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Fetching", goes(1, dials(1, 1))...) // it brought nothing
		opened(1)
		s.Hear(1, f.outboard(0), "Fetching", f.gets(1, 2, 1), "hear 1")
		s.Hear(1, f.content(1, 1), "Fetching", f.takes(1, 1, 1))
		s.Tell(roles.Verified{Link: 1, Group: 1}, "Fetching", "report had")
		s.Ring("Fetching", goes(1, dials(1, 1))...) // silence after a group is a broken link, too
		opened(2)
		s.Hear(1, f.outboard(0), "Fetching", "hear 1")
		s.Tell(roles.PeerEnded{Link: 1}, "Fetching", goes(1, dials(1, 1))...)
		opened(2)
		s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Failed", goes(1, "report result")...)
		wants(t, s, client.Undelivered, protocol.Lost, protocol.Lost, protocol.Timeout, protocol.Lost, protocol.Lost)
	}
}

// TestABrokenFirstAnswerIsAskedForAgain: once, and what the node says then counts.
func TestABrokenFirstAnswerIsAskedForAgain(t *testing.T) {
	s := asked(t, request, 1)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Seeking", goes(1, dials(1, 1))...)
	answers(1, s, "Seeking", guesses(1))
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "NotFound", "report result")
	wants(t, s, client.NobodyHad, protocol.Lost, protocol.NotFound)

	s = asked(t, request, 1)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Seeking", goes(1, dials(1, 1))...)
	answers(1, s, "Seeking", guesses(1))
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Failed", goes(1, "report result")...)
	wants(t, s, client.Unsure, protocol.Lost, protocol.Lost)
}

// TestABrokenLinkForManyIsMadeAgain: what has not come is asked for in the next round.
func TestABrokenLinkForManyIsMadeAgain(t *testing.T) {
	a, b, c := small("a", 1, 1), small("b", 2, 1), small("c", 3, 1)
	s := gathers(t, a, b, c)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	pulls(s, 0, a, b, c)
	s.Tell(roles.Lost{Link: 0, Code: protocol.Lost}, "Pipelining", "hangup 0", "report tried", dials(0, 1)) // once without progress
	pulls(s, 0, a, b, c)
	brings(s, 0, a, "hear 0")
	s.Ring("Pipelining", "hangup 0", "report tried", "commit-store 0")
	s.Tell(placed([]int{0}), "Pipelining", "report gathered", dials(0, 1))
	pulls(s, 0, b, c)
	brings(s, 0, b, "hear 0")
	s.Tell(roles.Lost{Link: 0, Code: protocol.Lost}, "Pipelining", "hangup 0", "report tried", "commit-store 1")
	s.Tell(placed([]int{1}), "Pipelining", "report gathered", dials(0, 1))
	pulls(s, 0, c)
	s.Tell(roles.PeerEnded{Link: 0}, "Pipelining", "hangup 0", "report tried", dials(0, 1))
	pulls(s, 0, c)
	s.Tell(roles.Lost{Link: 0, Code: protocol.Lost}, "Fetching", "hangup 0", "report tried", "inspect-store 2 c")
}

// TestWhatWasWithheldMakesUnsure: a node that the relay does not hand out may have the file.
func TestWhatWasWithheldMakesUnsure(t *testing.T) {
	s := locating(t, request)
	s.Hear(0, &protocol.Located{Peers: peers(1), Withheld: 1}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 1))
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	answers(1, s, "Seeking", guesses(1))
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "Failed", "report result")
	wants(t, s, client.Unsure, protocol.NotFound)
}

// TestABadEntryMakesUnsure: a node that is left out of a page could not be asked.
func TestABadEntryMakesUnsure(t *testing.T) {
	s := locating(t, request)
	s.Hear(0, &protocol.Located{Peers: peers(1), LeftOut: 1}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 1))
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	answers(1, s, "Seeking", guesses(1))
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "Failed", "report result")
	wants(t, s, client.Unsure, protocol.NotFound)
}

// TestANodeWithTwoAddressesIsOneNode, which is dialed at both.
func TestANodeWithTwoAddressesIsOneNode(t *testing.T) {
	s := locating(t, request)
	both, turned := peers(1)[0], peers(1)[0]
	both.Also = protocol.IPOf(netip.MustParseAddr("2001:db8::1"))
	turned.Host, turned.Also = both.Also, both.Host
	s.Hear(0, &protocol.Located{Peers: []protocol.Peer{both, turned}}, "Seeking", "halfclose 0", "discard 0", "report locating", "dial 1 192.0.2.1:5000 or [2001:db8::1]:5000")
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	answers(1, s, "Seeking", guesses(1))
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "NotFound", "report result")
	wants(t, s, client.NobodyHad, protocol.NotFound)
}

// TestAlternatesAreOfNodesWithTwoAddresses, and of those alone.
func TestAlternatesAreOfNodesWithTwoAddresses(t *testing.T) {
	both := peers(1, 2, 3)
	both[1].Also = protocol.IPOf(netip.MustParseAddr("2001:db8::1"))
	if got := client.AlternatesOf(both); len(got) != 1 || got[client.NodeOf(&both[1])] != both[1].Other() {
		t.Errorf("%v", got)
	}
	if got := client.AlternatesOf(peers(1, 2)); got != nil {
		t.Errorf("%v", got)
	}
}

// TestANodeThatIsSilentAtOneAddressIsAskedAtTheOther: after the link, which was made, has brought
// nothing in time. A node with one address had its time.
func TestANodeThatIsSilentAtOneAddressIsAskedAtTheOther(t *testing.T) {
	const first = "dial 1 192.0.2.1:5000 or [2001:db8::1]:5000"
	node := peers(1)[0]
	node.Also = protocol.IPOf(netip.MustParseAddr("2001:db8::1"))
	opened := roles.Opened{Link: 1, Peer: node.Addr()}
	s := locating(t, request)
	s.Hear(0, &protocol.Located{Peers: []protocol.Peer{node}}, "Seeking", "halfclose 0", "discard 0", "report locating", first)
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	s.Tell(opened, "Seeking", asks(1, guesses(1))...)
	s.Ring("Seeking", goes(1, first+" last 192.0.2.1")...)
	s.Tell(roles.Opened{Link: 1, Peer: node.Other()}, "Seeking", asks(1, guesses(1))...)
	s.Ring("Failed", goes(1, "report result")...)
	wants(t, s, client.Unsure, protocol.Timeout, protocol.Timeout)

	s = locating(t, request) // none of the two takes a link
	s.Hear(0, &protocol.Located{Peers: []protocol.Peer{node}}, "Seeking", "halfclose 0", "discard 0", "report locating", first)
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	s.Ring("Failed", goes(1, "report result")...)
	wants(t, s, client.Unsure, protocol.Timeout)

	s = located(t, request, 1)
	s.Tell(opened, "Seeking", asks(1, guesses(1))...)
	s.Ring("Failed", goes(1, "report result")...)
	wants(t, s, client.Unsure, protocol.Timeout)
}

func TestManyFilesOfANodeThatIsSilentAtOneAddressComeOverTheOther(t *testing.T) {
	a, b := small("a", 1, 1), small("b", 2, 1)
	other := netip.MustParseAddrPort("[2001:db8::1]:5000")
	a.Alternates = map[client.Node]netip.AddrPort{at(1): other}
	b.Alternates = a.Alternates
	s := gathers(t, a, b)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1)+" or "+other.String())
	var asks []string
	for _, one := range []client.Offer{a, b} {
		asks = append(asks, fmt.Sprintf("send 0 GET name=%s length=%d hash=%x", one.Name, one.Size, one.Hash[:1]))
	}
	asks = append(asks, "hear 0")
	s.Tell(roles.Opened{Link: 0, Peer: at(1).AddrPort}, "Pipelining", asks...)
	s.Ring("Pipelining", "hangup 0", "report tried", dials(0, 1)+" or "+other.String()+" last 192.0.2.1")
	s.Tell(roles.Opened{Link: 0, Peer: other}, "Pipelining", asks...)
	brings(s, 0, a, "hear 0")
	brings(s, 0, b, left(0, "commit-store 0 1")...)
}
