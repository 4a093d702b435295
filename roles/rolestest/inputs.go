package rolestest

import (
	"cmp"
	"errors"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// inputs returns the inputs that may come next.
func (x *explorer) inputs(w *walked) (next []roles.Input) {
	if len(w.last) == 0 {
		return x.first()
	}
	closing := false
	for _, id := range w.open() {
		if table, _ := w.on(id); table != "" && w.ended[id] {
			if closing { // one is like another
				continue
			}
			closing = true
		}
		next = append(next, x.ofLink(w, id)...)
		if w.links[id].want == nothing && (w.said[id] || w.turn) { // what was sent may fail late
			next = append(next, roles.Lost{Link: id, Code: protocol.Lost, Text: "reset"})
		}
	}
	if w.file {
		next = append(next, x.Files...)
	}
	if w.turn {
		next = append(next, roles.TurnGiven{}, roles.TurnRefused{})
	}
	if w.token {
		next = append(next, x.Tokens...)
	}
	if w.admit {
		next = append(next, x.Admits...)
	}
	next = append(next, x.ofStore(w)...)
	for _, one := range w.alarms {
		next = append(next, roles.TimerFired{Timer: one.Timer, Number: oldRing}, roles.TimerFired{Timer: one.Timer})
	}
	for _, in := range x.Others {
		if id := roles.LinkOf(in); id == roles.NoLink || !w.hungUp[id] {
			next = append(next, in)
		}
	}
	return append(next, roles.Stopped{})
}

// ofStore returns what a store may answer to what it has been asked.
func (x *explorer) ofStore(w *walked) (next []roles.Input) {
	for _, item := range w.store {
		for _, in := range x.Stores {
			next = append(next, about(item, in))
		}
	}
	for _, item := range w.inspect {
		for _, in := range x.Inspected {
			next = append(next, about(item, in))
		}
	}
	for _, items := range w.commit {
		next = append(next, commits(items)...)
	}
	return next
}

// about returns what a store says, said of an item.
func about(item int, in roles.Input) roles.Input {
	switch in := in.(type) {
	case roles.StoreReady:
		in.Item = item
		return in
	case roles.StoreChecking:
		in.Item = item
		return in
	case roles.StoreInspected:
		in.Item = item
		return in
	case roles.StoreFailed:
		in.Item = item
		return in
	}
	return in
}

// commits returns the answers to a CommitStore: all went well, or the first item did not.
func commits(items []roles.Placement) []roles.Input {
	var well, badly roles.StoreCommitted
	for i, item := range items {
		well.Items = append(well.Items, roles.Placed{Item: item.Item})
		badly.Items = append(badly.Items, roles.Placed{Item: item.Item})
		if i == 0 {
			badly.Items[0].Err = errors.New("read-only")
		}
	}
	return []roles.Input{well, badly}
}

func (x *explorer) first() []roles.Input {
	switch begin := x.Begin.(type) {
	case roles.Opened:
		full := begin
		full.Busy = true
		return []roles.Input{begin, full}
	case roles.Invited:
		full := begin
		full.Busy = true
		return []roles.Input{begin, full}
	}
	return []roles.Input{x.Begin, roles.Stopped{}}
}

func (x *explorer) ofLink(w *walked, id roles.Link) (next []roles.Input) {
	asked := w.links[id]
	lost := roles.Lost{Link: id, Code: protocol.Lost, Text: "reset"}
	switch asked.want {
	case dialling:
		return []roles.Input{roles.Opened{Link: id, ID: x.Proves}, lost}
	case hearing:
		table, state := w.on(id)
		for _, m := range x.Says { // refusals tries the messages that are not allowed there
			if x.Allows[cmp.Or(table, x.Table)](state, m.Kind()) {
				next = append(next, roles.Heard{Link: id, Message: m})
			}
		}
		malformed := &protocol.Error{Code: protocol.Malformed, Text: "junk"}
		return append(next, roles.Malformed{Link: id, Err: malformed}, roles.PeerEnded{Link: id}, lost)
	case discarding:
		return []roles.Input{roles.PeerEnded{Link: id}, lost}
	case telling:
		return []roles.Input{roles.Sent{Link: id}, lost}
	case sending:
		return []roles.Input{roles.Moved{Link: id, Bytes: 1}, roles.Moved{Link: id, Bytes: roles.MinProgress},
			roles.BodyDone{Link: id}, roles.BodySpoiled{Link: id, Code: protocol.Changed}, lost}
	case splicing:
		return []roles.Input{roles.Moved{Link: id, Bytes: 1}, roles.BodyDone{Link: id}, roles.PeerEnded{Link: id}, lost}
	case receiving:
		next = []roles.Input{roles.Moved{Link: id, Bytes: roles.MinProgress}, roles.PeerEnded{Link: id}, lost}
		if asked.rest == 0 {
			next = append(next, roles.BodyDone{Link: id})
		} else {
			next = append(next, roles.Verified{Link: id, Group: asked.next}, roles.BodyWrong{Link: id, Group: asked.next})
		}
		return append(next, roles.StoreFailed{Item: asked.item, Err: errors.New("no space")}) // even after a wrong group: the body has to end
	}
	return nil
}
