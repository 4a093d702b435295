package roles

import "github.com/looplab/fsm"

// referee keeps a machine's state and says which events it allows. It calls nothing of ours: no callbacks.
type referee struct{ *fsm.FSM }

func newReferee[S, E ~string](t *Table[S, E]) referee {
	events := make(fsm.Events, 0, len(t.Rows))
	for _, row := range t.Rows {
		for _, from := range row.From {
			to := row.To
			if to == "" {
				to = from
			}
			events = append(events, fsm.EventDesc{Name: string(row.On), Src: []string{string(from)}, Dst: string(to)})
		}
	}
	return referee{fsm.NewFSM(string(t.States[0].Name), events, nil)}
}

// fire moves the state along and reports whether the event is allowed in it. Where it leads is said by the same row, so
// that the library need not go through what it does for callbacks, which takes ten times as long.
func (r referee) fire(event, to string) bool {
	if !r.Can(event) {
		return false
	}
	r.SetState(to)
	return true
}

// Diagram draws the table as a Mermaid state diagram.
func (t *Table[S, E]) Diagram() (string, error) {
	return fsm.VisualizeForMermaidWithGraphType(newReferee(t).FSM, fsm.StateDiagram)
}
