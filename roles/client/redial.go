package client

import "net/netip"

// redials notes the nodes whose last link broke before it had brought anything. A broken link says
// little about its node: that is dialed again, as long as of two links in a row one brings something.
type redials map[netip.AddrPort]bool

// worth reports whether a node whose link broke is to be dialed again.
func (r redials) worth(v Visited) bool { return r.again(v.Node, v.Gave) }

// again reports whether a node is to be dialed again, after a link that brought something or not.
func (r redials) again(node netip.AddrPort, brought bool) bool {
	was := r[node]
	r[node] = !brought
	return brought || !was
}
