package relay_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// members asks for circuits of a closed relay, or of an open one.
type members struct {
	*relay.Circuits
	t  *testing.T
	at roles.Moment
}

func (m *members) ask(id byte, from string) protocol.Message {
	m.t.Helper()
	m.at.Rand++
	if _, refusal := m.Await(m.at, rolestest.Node(1), roles.HostOf(visitor.Addr()), 3); refusal != nil {
		m.t.Fatal(refusal.Text)
	}
	answer, _ := m.Open(m.at, relay.From{Peer: netip.MustParseAddr(from), ID: rolestest.Node(id)}, &protocol.Circuit{Node: rolestest.Node(1)})
	return answer
}

// passes opens a circuit over which bytes pass.
func (m *members) passes(id byte, from string, bytes int64) (number uint64) {
	m.t.Helper()
	opened, is := m.ask(id, from).(*protocol.Opened)
	if !is {
		m.t.Fatalf("member %d has no circuit from %s", id, from)
	}
	number = m.Join(m.at, 9, opened.Ticket).Circuit
	m.Moved(m.at, number, bytes)
	return number
}

// refuses demands a refusal that says certain words.
func (m *members) refuses(id byte, from string, words ...string) {
	m.t.Helper()
	answer := m.ask(id, from)
	refusal, is := answer.(*protocol.Error)
	if !is || refusal.Code != protocol.Quota {
		m.t.Fatalf("member %d is answered %s from %s", id, rolestest.Say(answer), from)
	}
	for _, one := range words {
		if !strings.Contains(refusal.Text, one) {
			m.t.Errorf("%q does not say %q", refusal.Text, one)
		}
	}
}

// TestAMemberOfAClosedRelayHasItsLimits wherever it comes from, over loopback as well, and another one at the same address
// has its own.
func TestAMemberOfAClosedRelayHasItsLimits(t *testing.T) {
	limits := relay.ClosedLimits
	limits.CircuitsFrom, limits.BytesFrom = 2, 1000
	m := &members{relay.NewClosedCircuits(limits, [32]byte{}), t, roles.Moment{}}
	var over []relay.Over
	m.Over = func(o relay.Over) { over = append(over, o) }
	seven, eight := rolestest.Node(7).Short(), rolestest.Node(8).Short()
	one, two := m.passes(7, "203.0.113.7", 300), m.passes(7, "2001:db8::7", 300)
	m.refuses(7, "127.0.0.1", "a member has 2 circuits at once", seven)
	m.passes(8, "203.0.113.7", 1000)
	m.refuses(8, "198.51.100.8", "a member passes 1000 bytes a day", eight, "24h0m0s")
	if bytes, _ := m.Grant(m.at, one); bytes != 400 {
		t.Errorf("%d bytes may pass for a member that has passed 600", bytes)
	}
	m.Moved(m.at, two, 400)
	if bytes, _ := m.Grant(m.at, one); bytes != 0 {
		t.Errorf("%d bytes may pass for a member that has passed all", bytes)
	}
	m.at.Now += time.Second
	m.Cut(m.at, one, relay.OfNode, protocol.Quota)
	m.refuses(7, "127.0.0.1", "a member passes 1000 bytes a day", seven, "23h59m59s")
	if last := over[len(over)-1]; !strings.Contains(last.Text, seven) || !strings.Contains(last.Text, "23h59m59s") || last.From.String() != "203.0.113.7" {
		t.Errorf("%+v", last)
	}
	kept := m.Passed(m.at.Now)
	for _, one := range kept {
		if one.Bytes != 1000 || one.From.ID != rolestest.Node(7) && one.From.ID != rolestest.Node(8) {
			t.Errorf("%+v is kept", one)
		}
	}
	if len(kept) != 2 {
		t.Errorf("%+v is kept", kept)
	}
}

// TestAKeyIsWorthNothingInAnOpenRelay: its limits are of addresses.
func TestAKeyIsWorthNothingInAnOpenRelay(t *testing.T) {
	limits := relay.OpenLimits
	limits.BytesFrom = 1000
	m := &members{relay.NewCircuits(limits, [32]byte{}), t, roles.Moment{}}
	m.passes(7, "203.0.113.7", 1000)
	m.refuses(8, "203.0.113.7", "an address passes 1000 bytes a day", "203.0.113.7", "24h0m0s")
	m.passes(7, "203.0.113.8", 1000)
}
