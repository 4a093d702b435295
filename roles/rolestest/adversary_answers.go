package rolestest

import (
	"bytes"
	"reflect"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
)

// same reports whether two requests to the disk are one and the same.
func same(a, b roles.Effect) bool { return reflect.DeepEqual(a, b) }

// answer returns the answer to a request, the usual one or another; nil: there is none yet.
func (a *attack) answer(e roles.Effect, other bool, which int) roles.Input {
	if link := linkOf(e); link != roles.NoLink {
		if a.silent {
			return nil
		}
		return a.ofPeer(e, link, other, which)
	}
	switch e := e.(type) {
	case roles.OpenFile:
		return a.one(e, a.OpenFile(e), which)
	case roles.FindToken:
		key := protocol.PeerID{}
		if len(a.Keys) > 0 {
			key = a.Keys[which%len(a.Keys)]
		}
		return a.answered(e, roles.TokenFound{Key: key})
	case roles.Admit:
		return a.one(e, a.Admit(e), which)
	case roles.InspectStore:
		return a.answered(e, a.inspected(e, other, which))
	case roles.OpenStore:
		return a.answered(e, a.opened(e, other, which))
	case roles.CommitStore:
		return a.answered(e, a.committed(e, other))
	}
	return nil
}

// one returns one of several answers. A word on how far the disk is comes ahead of the answer.
func (a *attack) one(e roles.Effect, answers []roles.Input, which int) roles.Input {
	in := answers[which%len(answers)]
	if _, ahead := in.(roles.FileHashing); ahead {
		if a.silent {
			return a.answered(e, answers[0])
		}
		return in
	}
	return a.answered(e, in)
}

// ofPeer returns what a peer does about a request.
func (a *attack) ofPeer(e roles.Effect, link roles.Link, other bool, which int) roles.Input {
	switch e := e.(type) {
	case roles.Dial:
		return a.connected(e, link, other, which)
	case roles.Secure: // the other end of the circuit may be anybody
		return a.connected(e, link, other, which)
	case roles.Send:
		return a.answered(e, roles.Sent{Link: link})
	case roles.SendBody:
		if other {
			return a.answered(e, roles.BodySpoiled{Link: link, Code: protocol.Changed})
		}
		return a.answered(e, roles.BodyDone{Link: link})
	case roles.Discard:
		return a.answered(e, roles.PeerEnded{Link: link})
	case roles.Hear:
		if other {
			return a.answered(e, roles.PeerEnded{Link: link})
		}
		return a.hear(e)
	case roles.ReceiveBody:
		return a.receive(e, other, which)
	case roles.Splice:
		if other {
			return a.answered(e, roles.PeerEnded{Link: link})
		}
		return a.pass(e, which)
	}
	return nil
}

// connected is the end of a Dial or a Secure.
func (a *attack) connected(e roles.Effect, link roles.Link, fails bool, which int) roles.Input {
	if fails {
		return a.lose(link, []protocol.Code{protocol.Refused, protocol.Unreachable, protocol.WrongPeer, protocol.NoTLS, protocol.NoPeer}[which%5])
	}
	opened := a.Opens
	opened.Link = link
	return a.answered(e, opened)
}

// pass takes the next bytes from the stream to the other end of a circuit: a few, or all that were asked for.
func (a *attack) pass(e roles.Splice, which int) roles.Input {
	if len(a.Stream) == 0 {
		return nil
	}
	some := min(uint64(len(a.Stream)), e.Bytes, 1<<(which%16))
	a.Stream = a.Stream[some:]
	if some == e.Bytes {
		return a.answered(e, roles.BodyDone{Link: e.Link})
	}
	e.Bytes -= some
	a.rest(e.Link, e)
	return roles.Moved{Link: e.Link, Bytes: int64(some)}
}

// hear decodes the next frame. After bytes that are none the stream goes on with the next magic.
func (a *attack) hear(e roles.Hear) roles.Input {
	if len(a.Stream) == 0 {
		return nil
	}
	limit := protocol.MaxList
	if e.First {
		limit = protocol.MaxFirst
	}
	m, size, refusal := protocol.DecodeWithin(a.Stream, limit)
	switch {
	case refusal != nil:
		a.resume()
		return a.answered(e, roles.Malformed{Link: e.Link, Err: protocol.AsError(refusal)})
	case m == nil: // the rest of the frame never comes
		a.Stream = nil
		return nil
	}
	a.Stream = a.Stream[size:]
	return a.answered(e, roles.Heard{Link: e.Link, Message: m})
}

func (a *attack) resume() {
	next := bytes.Index(a.Stream[1:], []byte(protocol.Magic))
	if next < 0 {
		a.Stream = nil
		return
	}
	a.Stream = a.Stream[1+next:]
}

// receive takes the next group of a body from the stream, or from a node that has the content. It takes
// the request's place by one for the rest.
func (a *attack) receive(e roles.ReceiveBody, right bool, which int) roles.Input {
	if e.Length == 0 {
		return a.answered(e, roles.BodyDone{Link: e.Link})
	}
	item := a.items[e.Item]
	if item == nil || item.Size != e.Size || e.Offset%protocol.GroupSize != 0 || protocol.Groups(e.Length) != uint64(len(e.Values)) {
		a.t.Fatalf("%s for the item %v", show(e), item)
	}
	group, length := e.Offset/protocol.GroupSize, min(e.Length, protocol.GroupSize)
	value := e.Values[0]
	if !right {
		if uint64(len(a.Stream)) < length {
			moved := len(a.Stream)
			a.Stream = nil
			if moved == 0 {
				return nil
			}
			return roles.Moved{Link: e.Link, Bytes: int64(moved)}
		}
		value = judged(group, a.Stream[:length], e.Size)
		a.Stream = a.Stream[length:]
	}
	switch {
	case right && which == 31:
		a.withdraw(e.Link)
		return roles.StoreFailed{Item: e.Item, Err: errDisk}
	case value != e.Values[0]:
		a.rest(e.Link, roles.ReceiveBody{Link: e.Link, Item: e.Item, Size: e.Size})
		return roles.BodyWrong{Link: e.Link, Group: group}
	}
	item.values[group] = value
	e.Offset, e.Length, e.Values = e.Offset+length, e.Length-length, e.Values[1:]
	a.rest(e.Link, e)
	return roles.Verified{Link: e.Link, Group: group}
}

// rest puts what is left of a body in its place.
func (a *attack) rest(link roles.Link, left roles.Effect) {
	for i := range a.asked {
		if linkOf(a.asked[i]) == link {
			a.asked[i] = left
		}
	}
}

// inspected says of which content an earlier try has left something.
func (a *attack) inspected(e roles.InspectStore, other bool, which int) roles.Input {
	if !other {
		return roles.StoreInspected{Item: e.Item}
	}
	for hash, values := range a.Known {
		if which > 0 && which <= len(values) {
			return roles.StoreInspected{Item: e.Item, Hash: hash, Size: uint64(len(values)) * protocol.GroupSize}
		}
	}
	return roles.StoreFailed{Item: e.Item, Err: errDisk}
}

// opened prepares the store, with one group of a known content if there is to be something in it.
func (a *attack) opened(e roles.OpenStore, other bool, which int) roles.Input {
	item := &placed{OpenStore: e, values: map[uint64]protocol.Hash{}}
	a.items[e.Item] = item
	ready := roles.StoreReady{Item: e.Item}
	if !other {
		return ready
	}
	values := a.Known[e.Hash]
	if len(values) == 0 {
		return roles.StoreFailed{Item: e.Item, Err: errDisk}
	}
	group := which % len(values)
	item.values[uint64(group)] = values[group]
	ready.Has.Add(uint64(group))
	return ready
}

// committed puts items in their places, and fails unless each is whole.
func (a *attack) committed(e roles.CommitStore, fails bool) roles.Input {
	var done roles.StoreCommitted
	for _, p := range e.Items {
		answer := roles.Placed{Item: p.Item}
		if fails {
			answer.Err = errDisk
		} else {
			a.placed[p.Item] = a.whole(p)
		}
		done.Items = append(done.Items, answer)
	}
	return done
}

// whole returns the hash of an item's content.
func (a *attack) whole(p roles.Placement) protocol.Hash {
	if p.Size == 0 {
		return content.ChainingValue(0, nil, true)
	}
	item := a.items[p.Item]
	if item == nil || item.Size != p.Size || uint64(len(item.values)) != protocol.Groups(p.Size) {
		a.t.Fatalf("item %d of %d bytes is placed: %v", p.Item, p.Size, item)
	}
	values := make([]protocol.Hash, len(item.values))
	for group, value := range item.values {
		values[group] = value
	}
	hash, _ := content.Build(values)
	if hash != item.Hash {
		a.t.Fatalf("item %d is placed as %x, and is %x", p.Item, item.Hash, hash)
	}
	return hash
}
