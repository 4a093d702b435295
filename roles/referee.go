package roles

import (
	"context"
	"sync"

	"github.com/looplab/fsm"
)

// referee moves the states of machines under one table, and says which events these allow. It calls nothing of ours: no
// callbacks. It serves one machine after the other: one takes as much memory as all the rest of a machine.
type referee struct{ *fsm.FSM }

// moves are a table's rows, one from each state, which referees share.
type moves fsm.Events

func newReferee(start string, rows moves) referee {
	return referee{fsm.NewFSM(start, fsm.Events(rows), nil)}
}

// referees are those that no machine uses now.
type referees struct{ free sync.Pool }

// lend returns a referee for rows, which is to be given back.
func (r *referees) lend(start string, rows moves) referee {
	if one, is := r.free.Get().(*fsm.FSM); is {
		return referee{one}
	}
	return newReferee(start, rows)
}

func (r *referees) back(one referee) { r.free.Put(one.FSM) }

func (t *Table[S, E]) moves() moves {
	all := make(moves, 0, len(t.Rows))
	for _, row := range t.Rows {
		for _, from := range row.From {
			to := row.To
			if to == "" {
				to = from
			}
			all = append(all, fsm.EventDesc{Name: string(row.On), Src: []string{string(from)}, Dst: string(to)})
		}
	}
	return all
}

// allows reports whether there is a row for the event in a state.
func (r referee) allows(state, event string) bool {
	r.SetState(state)
	return r.Can(event)
}

// fire moves a state along the row for the event, and reports whether there is one. An event that leads back to the
// same state is no error. The context must never be done: the library would leave the machine stuck.
func (r referee) fire(state, event string) bool {
	r.SetState(state)
	err := r.Event(context.Background(), event)
	_, stays := err.(fsm.NoTransitionError)
	return err == nil || stays
}

// Diagram draws the table as a Mermaid state diagram.
func (t *Table[S, E]) Diagram() (string, error) {
	return fsm.VisualizeForMermaidWithGraphType(newReferee(string(t.States[0].Name), t.moves()).FSM, fsm.StateDiagram)
}
