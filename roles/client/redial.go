package client

import "net/netip"

// redials notes the nodes whose last link broke. A broken link says little about its node: that is
// dialed again, as long as of two links in a row one brings something; over another of its addresses,
// if it has two.
type redials map[Node]broken

// broken is a link that broke.
type broken struct {
	barren bool       // it had brought nothing
	over   netip.Addr // the node's address
}

// worth reports whether a node whose link broke is to be dialed again.
func (r redials) worth(v Visited) bool { return r.again(v.Node, v.Gave, v.Over) }

// again reports whether a node is to be dialed again, after a link that brought something or not.
func (r redials) again(node Node, brought bool, over netip.Addr) bool {
	was := r[node]
	r[node] = broken{!brought, over}
	return brought || !was.barren
}

// last returns the address of a node to which a link has broken; zero: there is none.
func (r redials) last(node Node) netip.Addr { return r[node].over }
