package sim

import (
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// attemptGap is the time from one attempt to connect to the next, while the first is silent.
const attemptGap = 250 * time.Millisecond

// twin returns the IPv6 address of a host that has one of each family.
func twin(of netip.AddrPort) netip.AddrPort {
	bytes := [16]byte{0xfd, 9}
	four := of.Addr().As4()
	copy(bytes[12:], four[:])
	return netip.AddrPortFrom(netip.AddrFrom16(bytes), of.Port())
}

// bind gives a node the only address at which it listens: one of the relay's machine.
func (w *World) bind(h *host) {
	delete(w.byAddress, h.address)
	h.address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), nodePort+uint16(h.index))
	w.byAddress[h.address] = h
}

// hide gives a client the address that all have behind one NAT.
func (w *World) hide(h *host) {
	delete(w.byAddress, h.address)
	h.address = netip.AddrPortFrom(hostAddress(clientRole, 0).Addr(), h.address.Port()+uint16(h.index))
	w.byAddress[h.address] = h
}

// isLone reports whether only the relay's machine reaches a node.
func (h *host) isLone() bool { return h.plan != nil && h.plan.Lone }

// findable reports whether clients can reach a node: at an address, or through the relay.
func (w *World) findable(h *host) bool { return !h.isLone() && (!h.walled() || w.circuits()) }

// walled reports whether nobody can connect to a node.
func (h *host) walled() bool { return h.plan != nil && h.plan.Walled }

// reaches reports whether there is a way from one host to another.
func (h *host) reaches(other *host) bool { return !other.isLone() || h.isLone() || h.role == relayRole }

// addBoth gives a host an address of each family.
func (w *World) addBoth(h *host) {
	h.second = twin(h.address)
	w.byAddress[h.second] = h
}

// dialledAs returns the host:port under which a host is dialled: the name of one that has several
// addresses.
func (h *host) dialledAs() string {
	if !h.second.IsValid() {
		return h.address.String()
	}
	_, port, _ := net.SplitHostPort(h.address.String())
	return net.JoinHostPort(h.name, port)
}

// lookUp returns the addresses that a host:port stands for, in the order in which they are tried.
func (w *World) lookUp(address string) []netip.AddrPort {
	if at, err := netip.ParseAddrPort(address); err == nil {
		return []netip.AddrPort{at}
	}
	name, _, err := net.SplitHostPort(address)
	h := w.byName[name]
	if err != nil || h == nil {
		return nil
	}
	return []netip.AddrPort{h.second, h.address}
}

// attempt is what comes of the attempts to connect to the addresses of a host.
type attempt struct {
	to    netip.AddrPort // the one that answers first, or, if none does, a silent one; zero: there is none
	after time.Duration  // until that is tried
	from  netip.Addr     // our own address
}

// try goes through the addresses of a Dial: a silent one holds up the next for a moment.
func (w *World) try(h *host, d roles.Dial) (a attempt) {
	targets := w.lookUp(d.To)
	if d.Also != "" {
		targets = append(targets, w.lookUp(d.Also)...)
	}
	own := func(to netip.AddrPort) netip.Addr { return h.of(roles.FamilyOf(to.Addr())) }
	targets = slices.DeleteFunc(targets, func(to netip.AddrPort) bool { return !d.Only.Has(to.Addr()) || !own(to).IsValid() })
	slices.SortStableFunc(targets, func(a, b netip.AddrPort) int {
		switch d.Last {
		case a.Addr():
			return 1
		case b.Addr():
			return -1
		}
		return 0
	})
	after := time.Duration(0)
	a.from = h.address.Addr()
	for _, to := range targets {
		family := roles.FamilyOf(to.Addr())
		other := w.byAddress[to]
		silent, dead := other == nil || !h.reaches(other), w.deadAt(other, family)
		if dead == nil {
			dead = w.deadAt(h, family)
		}
		if dead != nil {
			w.fired(dead)
			silent = dead.N < 2
		}
		switch {
		case silent:
			after += attemptGap
			a = attempt{to: to, from: own(to)}
		case dead == nil:
			return attempt{to, after, own(to)}
		}
	}
	return a
}

// of returns the host's address of a family: a client has one of each.
func (h *host) of(family roles.Family) netip.Addr {
	switch {
	case family == roles.IPv4:
		return h.address.Addr()
	case h.role == clientRole:
		return twin(h.address).Addr()
	}
	return h.second.Addr()
}

// deadAt returns the fault for which a host's address of a family is dead, or nil. The only address
// of a host does not die.
func (w *World) deadAt(h *host, family roles.Family) *trouble {
	if h == nil || !h.second.IsValid() {
		return nil
	}
	for _, t := range w.troubles {
		if t.Class == scenario.Address && t.who == h && t.family() == family {
			return t
		}
	}
	return nil
}

// family returns the family of the address that a fault strikes.
func (t *trouble) family() roles.Family { return roles.IPv4 + roles.Family(t.N%2) }

// silence loses the connections that a host has at an address, without a word.
func (w *World) silence(h *host, addr netip.Addr) {
	for _, c := range w.conns {
		for _, e := range c.ends {
			c.lost = c.lost || e != nil && e.host == h && e.here == addr
		}
	}
}
