package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// forged is the content of liars. No honest node has it.
const forged = 1 << 30

// find returns the content that a liar serves for a request, or nil.
func (i *impostor) find(name string, hash protocol.Hash) *identity {
	f := i.proc.host.file(name)
	if name == "" {
		for _, s := range i.proc.host.files {
			if i.w.identity(s.file.content, s.file.size).hash == hash {
				f = s.file
			}
		}
	}
	switch {
	case f == nil || i.lie == "not-found" || i.lie == "lingers":
		return nil
	case i.lie == "forger":
		return i.w.identity(forged, f.size)
	}
	return i.w.identity(f.content, f.size)
}

// refusing returns a refusal, or nil. A liar may refuse with the truth.
func (i *impostor) refusing(id *identity, hash protocol.Hash) []roles.Effect {
	switch {
	case id == nil:
		return say(&protocol.Error{Code: protocol.NotFound, By: protocol.Node})
	case !hash.IsZero() && id.hash != hash && i.lie != "forger" && i.lie != "wrong-index":
		return say(&protocol.Error{Code: protocol.Changed, By: protocol.Node})
	case i.lie == "confess" && i.asked%3 == 0:
		return say(&protocol.Error{Code: protocol.Changed, By: protocol.Node})
	}
	return nil
}

// describe answers a TREE.
func (i *impostor) describe(tree *protocol.Tree) []roles.Effect {
	id := i.find(tree.Name, tree.Hash)
	if no := i.refusing(id, tree.Hash); no != nil {
		return no
	}
	groups := uint64(len(id.values))
	first := min(tree.First, groups)
	count := groups - first
	if tree.Count > 0 {
		count = min(count, tree.Count)
	}
	o := &protocol.Outboard{Size: id.size, Hash: id.hash, First: first, Count: count, Nodes: id.slice(first, count)}
	if i.lie == "forger" && !tree.Hash.IsZero() {
		o.Hash = tree.Hash
	}
	switch i.lie {
	case "wrong-size":
		o.Size += uint64(1+i.asked) * (1 << 20)
		o.Count = max(o.Count, 1)
	case "wrong-hash", "new-hash":
		o.Hash[0] ^= byte(i.asked)
	case "wrong-tree":
		if len(o.Nodes) > 0 {
			o.Nodes[len(o.Nodes)/2] ^= 1
		}
	case "no-tree":
		o.Nodes = nil
	case "fewer-groups":
		o.Count = min(o.Count, 1)
		o.Nodes = id.slice(first, o.Count)
	case "silent":
		return []roles.Effect{roles.Hear{}}
	}
	return say(o)
}

// serve answers a GET.
func (i *impostor) serve(get *protocol.Get) []roles.Effect {
	id := i.find(get.Name, get.Hash)
	if no := i.refusing(id, get.Hash); no != nil {
		return no
	}
	at, length := stretch(get, id.size)
	c := &protocol.Content{Size: id.size, Offset: at, Length: length, Hash: id.hash}
	if i.lie == "forger" && !get.Hash.IsZero() {
		c.Hash = get.Hash
	}
	body := segment{content: id.content, offset: at, size: int(length)}
	effects := i.alter(c, &body)
	if effects == nil {
		effects = []roles.Effect{roles.Send{Message: c}, sendRaw{seg: body}, roles.Hear{}}
	}
	return effects
}

// stretch returns what of a file a GET asks for, also where bits of it have flipped.
func stretch(get *protocol.Get, size uint64) (at, length uint64) {
	at = min(get.Offset, size)
	length = min(size-at, protocol.MaxRange)
	if get.Length > 0 {
		length = min(length, get.Length)
	}
	return at, length
}

// trickle returns the next bytes of a body: more than a client has to take for a stall.
func (i *impostor) trickle() []roles.Effect {
	part, rest := i.rest.split(min(i.rest.size, roles.MinProgress/8))
	if i.rest = rest; rest.size == 0 {
		i.drips = 0
		return []roles.Effect{sendRaw{seg: part}, roles.Hear{}}
	}
	return []roles.Effect{sendRaw{seg: part}}
}

// alter turns an answer into a lie. It returns the effects if they are not just the head and the
// body.
func (i *impostor) alter(c *protocol.Content, body *segment) []roles.Effect {
	rest := func() {
		c.Length = min(c.Size-c.Offset, protocol.MaxRange)
		body.size = int(c.Length)
	}
	switch i.lie {
	case "wrong-bytes", "confess":
		body.content = forged + 1
	case "late-wrong":
		if body.size > group {
			first, then := body.split(group)
			then.content = forged + 1
			return []roles.Effect{roles.Send{Message: c}, sendRaw{seg: first}, sendRaw{seg: then}, roles.Hear{}}
		}
		if c.Offset > 0 {
			body.content = forged + 1
		}
	case "wrong-size":
		c.Size += uint64(1 + i.asked)
		rest()
	case "wrong-offset":
		c.Size, c.Offset = c.Size+1, c.Offset+1
		rest()
	case "new-hash", "wrong-hash":
		c.Hash[0] ^= byte(i.asked)
	case "at-end":
		c.Size, c.Length, body.size = c.Offset, 0, 0
	case "too-much":
		body.size += 1000
	case "early-end":
		body.size /= 2
		return []roles.Effect{roles.Send{Message: c}, sendRaw{seg: *body}, roles.HalfClose{}, roles.Hear{}}
	case "stall":
		body.size /= 2
	case "trickle":
		i.drips, i.rest = 200, *body
		i.rest.size = body.size * 3 / 4 // it never brings a group
		return append([]roles.Effect{roles.Send{Message: c}}, i.arm()...)
	case "drip":
		i.drips = 40
		return append([]roles.Effect{roles.Send{Message: c}}, i.arm()...)
	}
	return nil
}
