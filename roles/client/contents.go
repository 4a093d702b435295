package client

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// mostContents is how many contents of one name a fetch knows, and tells: each node may have one.
const mostContents = 1024

// remember notes that a node has a content. A node is believed only for MaxContents contents: one
// that invents a new content at each visit would never be left.
func (f *Fetch) remember(is Identity, node Node, tried bool) {
	f.latest[node] = is
	at := slices.IndexFunc(f.contents, func(k known) bool { return k.Identity == is })
	if at >= 0 && f.believed[node] > 0 && slices.Contains(f.contents[at].Nodes, node) {
		f.contents[at].tried = f.contents[at].tried || tried
		return
	}
	if f.believed[node] == roles.MaxContents {
		return
	}
	if at < 0 && len(f.contents) == mostContents {
		f.result.Unasked.Endless = true // this node is not asked for its content
		return
	}
	f.believed[node]++
	if at < 0 {
		at = len(f.contents)
		f.contents = append(f.contents, known{Variant: Variant{Identity: is}})
	}
	k := &f.contents[at]
	if is, _ := f.picker.Identity(); k.Identity != is && f.discredited(k.Nodes) {
		k.tried = false // it was given up for its liars alone: this node may be honest
	}
	k.Nodes = append(k.Nodes, node)
	k.tried = k.tried || tried
}

// discredited reports whether each of these nodes has sent wrong bytes.
func (f *Fetch) discredited(nodes []Node) bool {
	return !slices.ContainsFunc(nodes, func(node Node) bool { return !f.barred[node] })
}

// hollow reports whether only nodes that have sent wrong bytes have claimed the content of this
// fetch.
func (f *Fetch) hollow() bool {
	is, known := f.picker.Identity()
	if !known || f.picker.had.Count() > 0 || is == f.prefer {
		return false
	}
	for _, k := range f.contents {
		if k.Identity == is {
			return f.discredited(k.Nodes)
		}
	}
	return false
}

// askable returns those of some nodes that may be asked now: neither have they sent wrong bytes, nor are they busy and left
// alone.
func (f *Fetch) askable(nodes []Node) []Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(node Node) bool { return f.barred[node] || f.busy.waits(node) })
}

// startAnew turns to another content that nodes have which may be asked, if there is one.
func (f *Fetch) startAnew() bool {
	if f.request.Once && f.gave {
		return false
	}
	for i := range f.contents {
		k := &f.contents[i]
		if k.tried {
			continue
		}
		nodes := f.askable(k.Nodes)
		if len(nodes) == 0 {
			k.tried = f.discredited(k.Nodes) // otherwise its turn comes when they are not left alone any more
			continue
		}
		k.tried = true
		f.putOff(nodes)
		f.candidates = append(nodes, f.candidates...)
		f.picker = NewPicker(f.request.Name, f.request.Hash)
		f.picker.Fix(k.Identity)
		f.result.Kept, f.result.From = 0, nil
		return true
	}
	return false
}

// putOff has the content of this fetch tried again later if nodes that have it were dismissed, or are busy: the
// fetch turns to another one, which these nodes have.
func (f *Fetch) putOff(nodes []Node) {
	is, _ := f.picker.Identity()
	for i := range f.contents {
		k := &f.contents[i]
		if k.Identity == is && slices.ContainsFunc(k.Nodes, func(n Node) bool { return slices.Contains(f.later, n) || f.busy.waits(n) }) {
			k.tried = false
		}
	}
	asked := func(n Node) bool { return slices.Contains(nodes, n) }
	f.later, f.behind = slices.DeleteFunc(f.later, asked), slices.DeleteFunc(f.behind, asked)
}

// otherThan reports whether, as the relay says, a node has another content than the preferred one.
// Such a node is not asked while others may have that; its content is remembered.
func (f *Fetch) otherThan(peer *protocol.Peer) bool {
	is, known := f.picker.Identity()
	return known && is == f.prefer && !peer.Hash.IsZero() && peer.Hash != is.Hash
}

// addPublished adds the contents that nodes have published under the name and that the fetch has
// not met: it asks only as many nodes as it needs.
func (f *Fetch) addPublished() {
	if f.request.Name == "" || f.result.Hash.IsZero() {
		return
	}
	for _, peer := range f.published {
		if peer.Hash == f.result.Hash || f.believed[NodeOf(&peer)] > 0 { // it has said itself what it has
			continue
		}
		at := slices.IndexFunc(f.result.Variants, func(v Variant) bool { return v.Hash == peer.Hash })
		if at < 0 && len(f.result.Variants) >= mostContents {
			continue
		}
		if at < 0 {
			at = len(f.result.Variants)
			f.result.Variants = append(f.result.Variants, Variant{Identity: Identity{peer.Hash, peer.Size}})
		}
		v := &f.result.Variants[at]
		v.Nodes = append(v.Nodes, NodeOf(&peer))
	}
}
