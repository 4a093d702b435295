package sim

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// spot is where a node is: its addresses of both families, in whichever order they were told.
type spot struct {
	addrs [2]netip.Addr // IPv4 and IPv6; zero: there is none
	port  uint16
}

func spotAt(at netip.AddrPort, also netip.Addr) spot {
	s := spot{port: at.Port()}
	for _, addr := range []netip.Addr{at.Addr(), also} {
		if addr.IsValid() {
			s.addrs[roles.FamilyOf(addr)-roles.IPv4] = addr
		}
	}
	return s
}

func spotOf(p *protocol.Peer) spot { return spotAt(p.Addr(), p.Other().Addr()) }

func spotOfLease(l *relay.Lease) spot { return spotAt(l.At, l.Also) }

// offeredOf returns where a lease is handed out.
func offeredOf(l *relay.Lease) spot {
	s := spotOfLease(l)
	for _, one := range []struct {
		addr  netip.Addr
		reach protocol.Reach
	}{{l.At.Addr(), l.Reach}, {l.Also, l.AlsoReach}} {
		if one.addr.IsValid() && one.reach.Failed() {
			s.addrs[roles.FamilyOf(one.addr)-roles.IPv4] = netip.Addr{}
		}
	}
	return s
}

// meets reports whether the two have an address in common.
func (s spot) meets(other spot) bool {
	for i, addr := range s.addrs {
		if addr.IsValid() && addr == other.addrs[i] && s.port == other.port {
			return true
		}
	}
	return false
}

// hostAt returns the host that has one of the addresses, or nil.
func (w *World) hostAt(s spot) *host {
	for _, addr := range s.addrs {
		if h := w.byAddress[netip.AddrPortFrom(addr, s.port)]; h != nil {
			return h
		}
	}
	return nil
}
