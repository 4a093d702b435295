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

// Moved is reported when a relay lists us at other addresses than before.
type Moved struct{ Place }

// Place is where a relay lists a node.
type Place struct {
	At   netip.AddrPort // the address that clients get; zero: no client is sent to us
	Also netip.Addr     // that of the other family; zero: there is none
}

func placeOf(host protocol.IP, port uint16, also protocol.IP) (p Place) {
	if host != nil {
		p.At = netip.AddrPortFrom(host.Addr(), port)
	}
	if also != nil {
		p.Also = also.Addr()
	}
	return p
}

// same reports whether two places have the same addresses, whichever was heard of last.
func (p Place) same(as Place) bool {
	swapped := p.At.Port() == as.At.Port() && p.At.Addr() == as.Also && p.Also == as.At.Addr()
	return p == as || swapped
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

func (Leased) Reported()         {}
func (Moved) Reported()          {}
func (Hopeless) Reported()       {}
func (ExchangeFailed) Reported() {}
func (Displaced) Reported()      {}
func (Left) Reported()           {}
func (Published) Reported()      {}
