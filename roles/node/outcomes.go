package node

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Leased is reported when a relay grants a lease.
type Leased struct {
	Place
	TTL, Renew time.Duration
}

// Moved is reported when a relay lists us at other addresses than before, or has found out something else
// about these.
type Moved struct{ Place }

// Place is where a relay lists a node.
type Place struct {
	At   netip.AddrPort // the address that clients get; zero: no client is sent to us
	Also netip.Addr     // that of the other family; zero: there is none
	// Reached says what the relay knows of whether we can be reached there.
	protocol.Reached
}

func placeOf(host protocol.IP, port uint16, also protocol.IP, reached protocol.Reached) Place {
	p := Place{Reached: reached}
	if host != nil {
		p.At = netip.AddrPortFrom(host.Addr(), port)
	}
	if also != nil {
		p.Also = also.Addr()
	}
	return p
}

// same reports whether two places are the same, whichever address was heard of last.
func (p Place) same(as Place) bool {
	swapped := as
	if as.Also.IsValid() {
		swapped.At, swapped.Also = netip.AddrPortFrom(as.Also, as.At.Port()), as.At.Addr()
		swapped.Reach, swapped.AlsoReach = as.AlsoReach, as.Reach
	}
	return p == as || p == swapped
}

// Nowhere reports whether no client is sent to us directly.
func (p Place) Nowhere() bool {
	return !p.At.IsValid() || p.Reach.Failed() && (!p.Also.IsValid() || p.AlsoReach.Failed())
}

// Relayed reports whether clients come through the relay as long as an AWAIT is kept there.
func (p Place) Relayed() bool { return p.Await == 1 }

// Best returns what is known of the address at which we are reached best: that one is proven, else
// that it is not known of one, else why the first is not.
func (p Place) Best() protocol.Reach {
	if p.Also.IsValid() && (p.Reach.Failed() || p.AlsoReach == protocol.ReachDirect) && !p.AlsoReach.Failed() {
		return p.AlsoReach
	}
	return p.Reach
}

// ExchangeFailed is reported when an exchange with the relay fails.
type ExchangeFailed struct {
	Code  protocol.Code
	By    protocol.Party
	Text  string
	Again time.Duration // until the next try; 0: none follows
}

// Hopeless is reported when a relay that has never listed us refuses what trying again would not
// change, or is no relay.
type Hopeless struct {
	Code protocol.Code
	By   protocol.Party
	Text string
}

// Displaced is reported when another node has registered under our id.
type Displaced struct{ Text string }

// Left is reported when the relay has confirmed that it does not list us.
type Left struct{}

// Awaiting is reported when an AWAIT has been sent on a new link, so that clients come through the relay, and
// when that link takes none any more.
type Awaiting struct{ On bool }

// Invited is reported for each client that waits at the relay: an Upload that begins with a [roles.Invited]
// serves it.
type Invited struct {
	Relay  string // host:port, where the Await's link leads
	Ticket protocol.Ticket
}

func (Leased) Reported()         {}
func (Moved) Reported()          {}
func (Hopeless) Reported()       {}
func (ExchangeFailed) Reported() {}
func (Displaced) Reported()      {}
func (Left) Reported()           {}
func (Published) Reported()      {}
func (Awaiting) Reported()       {}
func (Invited) Reported()        {}
