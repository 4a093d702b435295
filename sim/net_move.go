package sim

import "net/netip"

// move gives a node another address. The connections that it has at the old one are lost, and
// nothing tells. With N 1 the first other node gets the old address, and loses its own.
func (w *World) move(t *trouble) {
	if t.who.isLone() {
		return
	}
	old := t.who.address
	w.moves++
	w.readdress(t.who, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 200, byte(w.moves >> 8), byte(w.moves)}), old.Port()))
	for _, h := range w.hosts {
		if t.N == 1 && h.role == nodeRole && h != t.who && !h.isLone() {
			w.readdress(h, old)
			return
		}
	}
}

func (w *World) readdress(h *host, to netip.AddrPort) {
	w.silence(h, h.address.Addr())
	if w.byAddress[h.address] == h {
		delete(w.byAddress, h.address)
	}
	h.address, h.moved = to, w.now
	w.byAddress[to] = h
}
