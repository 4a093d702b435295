package roles

import (
	"context"

	"github.com/looplab/fsm"
)

// referee keeps a machine's state, moves it, and says which events it allows. It calls nothing of ours: no callbacks.
type referee struct{ *fsm.FSM }

// moves are a table's rows, one from each state, which referees share.
type moves fsm.Events

func newReferee(start string, rows moves) referee {
	return referee{fsm.NewFSM(start, fsm.Events(rows), nil)}
}

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

// fire moves the state along the row for the event, and reports whether there is one. An event that leads back to the
// same state is no error. The context must never be done: the library would leave the machine stuck.
func (r referee) fire(event string) bool {
	err := r.Event(context.Background(), event)
	_, stays := err.(fsm.NoTransitionError)
	return err == nil || stays
}

// Diagram draws the table as a Mermaid state diagram.
func (t *Table[S, E]) Diagram() (string, error) {
	return fsm.VisualizeForMermaidWithGraphType(newReferee(string(t.States[0].Name), t.moves()).FSM, fsm.StateDiagram)
}
