package rolestest

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// late gives the machine, in the situation that it is in, the answers of a disk that it does not
// wait for any more, and those of links that it has hung up. Each must change nothing, but that a
// disk that fails ends what is not over.
func (x *explorer) late(w *walked, path []roles.Input) {
	situation := fmt.Sprint("late", w.state, w.file, w.store, w.inspect, len(w.commit), w.last[max(0, len(w.last)-1):])
	if x.visits[situation]++; x.visits[situation] > 1 {
		return
	}
	final := w.machine.Final()
	for _, in := range x.unasked(w) {
		was := w.state
		func() {
			defer func() {
				if failure := recover(); failure != nil {
					x.t.Fatalf("after %s\nlate in %s, %s: %v", showAll(path), was, show(in), failure)
				}
			}()
			effects := w.machine.Step(roles.Moment{Now: w.now}, in)
			if _, fails := in.(roles.StoreFailed); (len(effects) > 0 || w.state != was) && (!fails || final) {
				x.t.Fatalf("after %s\nlate in %s, %s: to %s with %v", showAll(path), was, show(in), w.state, effects)
			}
		}()
	}
}

// unasked returns inputs that once answered something and answer nothing any more.
func (x *explorer) unasked(w *walked) (late []roles.Input) {
	if w.looked && !w.file {
		late = append(late, roles.FileHashing{Done: 5, Size: 10}, roles.FileFound{Size: 10, Hash: Hash(1)}, roles.FileRefused{Code: protocol.NotFound})
	}
	if w.turned && !w.turn {
		late = append(late, roles.TurnGiven{}, roles.TurnRefused{})
	}
	if w.gated && !w.token && !w.admit {
		late = append(late, roles.TokenFound{Key: Node(1)}, roles.Admitted{Role: protocol.BothRoles}, roles.Admitted{Code: protocol.Denied})
	}
	for _, item := range slices.Sorted(maps.Keys(w.items)) {
		if !slices.Contains(w.store, item) {
			late = append(late, roles.StoreReady{Item: item}, roles.StoreChecking{Item: item, Done: 1, Size: 2})
		}
		if !slices.Contains(w.inspect, item) {
			late = append(late, roles.StoreInspected{Item: item, Hash: Hash(1), Size: 10})
		}
		if !slices.ContainsFunc(w.commit, func(items []roles.Placement) bool {
			return slices.ContainsFunc(items, func(p roles.Placement) bool { return p.Item == item })
		}) {
			late = append(late, roles.StoreCommitted{Items: []roles.Placed{{Item: item}}},
				roles.StoreCommitted{Items: []roles.Placed{{Item: item, Err: errors.New("late")}}})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.hungUp)) {
		late = append(late, roles.Moved{Link: id, Bytes: roles.MinProgress}, roles.Verified{Link: id}, roles.BodyWrong{Link: id},
			roles.BodyDone{Link: id}, roles.BodySpoiled{Link: id, Code: protocol.Changed}, roles.Sent{Link: id})
	}
	if len(w.items) > 0 { // a machine may take it for the end, and goes last
		late = append(late, roles.StoreFailed{Item: slices.Sorted(maps.Keys(w.items))[0], Err: errors.New("late")})
	}
	return slices.DeleteFunc(late, func(in roles.Input) bool {
		return slices.ContainsFunc(x.Others, func(other roles.Input) bool { return reflect.TypeOf(other) == reflect.TypeOf(in) })
	})
}
