package rolestest

import (
	"maps"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// walked is a machine after a path of inputs, with its effects that have not been answered yet.
type walked struct {
	machine Explorable
	state   string
	now     time.Duration
	last    []string // the last rows that fired
	links   map[roles.Link]asked
	said    map[roles.Link]bool // the links that the last step sent on, which may fail
	file    bool                // an OpenFile is pending
	turn    bool                // an AskTurn is pending
	held    bool                // a turn was asked for, and is not ended
	turned  bool                // one was asked for, pending or not
	token   bool                // a FindToken is pending
	admit   bool                // an Admit is pending
	gated   bool                // a FindToken was asked for, pending or not
	store   []int               // items of an OpenStore that is pending
	inspect []int               // items of an InspectStore that is pending
	commit  [][]roles.Placement // of each CommitStore that is pending
	looked  bool                // an OpenFile was asked for, pending or not
	items   map[int]bool        // of which a store was asked anything, pending or not
	ended   map[roles.Link]bool // links that are half-closed
	hungUp  map[roles.Link]bool // links that are hung up
	alarms  alarms
	effects []roles.Effect // of the last step
}

// asked is the request that is pending on an open link.
type asked struct {
	want       want
	next, rest uint64 // of a body: the next group, and how many are left
	wrong      bool   // a group of the body was wrong
	item       int    // of the store, whose body it is
}

type want int

const (
	nothing want = iota
	dialling
	hearing
	discarding
	sending
	receiving
	telling
	splicing
)

// told removes the request that an input answers.
func (w *walked) told(in roles.Input) {
	switch in := in.(type) {
	case roles.Opened:
		w.links[in.Link] = asked{}
	case roles.Heard:
		w.links[in.Link] = asked{}
	case roles.Sent:
		w.links[in.Link] = asked{}
	case roles.Malformed:
		w.links[in.Link] = asked{}
	case roles.PeerEnded:
		w.links[in.Link] = asked{}
	case roles.Lost:
		w.links[in.Link] = asked{}
	case roles.BodyDone:
		w.links[in.Link] = asked{}
	case roles.BodySpoiled:
		w.links[in.Link] = asked{}
	case roles.Verified:
		body := w.links[in.Link]
		body.next, body.rest = body.next+1, body.rest-1
		w.links[in.Link] = body
	case roles.BodyWrong:
		w.links[in.Link] = asked{want: receiving, wrong: true, item: w.links[in.Link].item}
	case roles.FileFound, roles.FileRefused:
		w.file = false
	case roles.TurnGiven:
		w.turn = false
	case roles.TurnRefused:
		w.turn, w.held = false, false
	case roles.TokenFound:
		w.token = false
	case roles.Admitted:
		w.admit = false
	case roles.StoreInspected:
		w.inspect = without(w.inspect, in.Item)
	case roles.StoreReady:
		w.store = without(w.store, in.Item)
	case roles.StoreFailed:
		w.store, w.inspect = without(w.store, in.Item), without(w.inspect, in.Item)
	case roles.StoreCommitted:
		w.commit = slices.DeleteFunc(w.commit, func(items []roles.Placement) bool { return items[0].Item == in.Items[0].Item })
	}
}

func without(items []int, item int) []int {
	return slices.DeleteFunc(items, func(one int) bool { return one == item })
}

// ring gives a TimerFired of a path its number, and advances the time if the number is the current
// one.
func (w *walked) ring(in roles.TimerFired) roles.TimerFired {
	for _, one := range w.alarms {
		if one.Timer != in.Timer {
			continue
		}
		if in.Number == oldRing {
			in.Number = one.Number - 1
		} else {
			in.Number = one.Number
			w.now = max(w.now, one.at)
			w.alarms.disarm(in.Timer)
		}
		break
	}
	return in
}

// asked records the request of an effect.
func (w *walked) asked(e roles.Effect) {
	switch e := e.(type) {
	case roles.Dial:
		w.links[e.Link] = asked{want: dialling}
		delete(w.hungUp, e.Link)
		delete(w.ended, e.Link)
	case roles.Secure:
		w.links[e.Link] = asked{want: dialling}
	case roles.Send:
		w.said[e.Link] = true
		if e.Told {
			w.links[e.Link] = asked{want: telling}
		}
	case roles.Hear:
		w.links[e.Link] = asked{want: hearing}
	case roles.Discard:
		w.links[e.Link] = asked{want: discarding}
	case roles.SendBody:
		w.links[e.Link] = asked{want: sending}
	case roles.ReceiveBody:
		w.items[e.Item] = true
		w.links[e.Link] = asked{want: receiving, next: e.Offset / protocol.GroupSize, rest: protocol.Groups(e.Length), item: e.Item}
	case roles.Splice:
		w.links[e.Link] = asked{want: splicing}
	case roles.HalfClose:
		w.ended[e.Link] = true
	case roles.HangUp:
		delete(w.links, e.Link)
		w.hungUp[e.Link] = true
	case roles.OpenFile:
		w.file, w.looked = true, true
	case roles.AskTurn:
		w.turn, w.held, w.turned = true, true, true
	case roles.EndTurn:
		w.turn, w.held = false, false
	case roles.FindToken:
		w.token, w.gated = true, true
	case roles.Admit:
		w.admit = true
	case roles.InspectStore:
		w.inspect = append(w.inspect, e.Item)
		w.items[e.Item] = true
	case roles.OpenStore:
		w.store = append(w.store, e.Item)
		w.items[e.Item] = true
	case roles.CommitStore:
		w.commit = append(w.commit, e.Items)
		for _, item := range e.Items {
			w.items[item.Item] = true
		}
	case roles.Arm:
		w.alarms.arm(w.now, e)
	case roles.Disarm:
		w.alarms.disarm(e.Timer)
	}
}

// open returns the open links, in order.
func (w *walked) open() []roles.Link { return slices.Sorted(maps.Keys(w.links)) }

// on returns the table that governs a link, or "" for the subject's own, and the state there.
func (w *walked) on(id roles.Link) (table, state string) {
	if n, is := w.machine.(nesting); is {
		return n.On(id)
	}
	return "", w.state
}
