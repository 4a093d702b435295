package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// turns are what a node's uploads share: its [node.Turns], or a planted bug in front of them.
type turns interface {
	Ask(now time.Duration, ask roles.AskTurn, told func(roles.Input)) (number uint64, answer roles.Input)
	End(now time.Duration, number uint64)
}

// askTurn asks for a turn for an upload.
func (w *World) askTurn(a *actor, ask roles.AskTurn) {
	told := func(answer roles.Input) {
		_, refused := answer.(roles.TurnRefused)
		if a.called = !refused; refused {
			a.turn = 0
		}
		w.tell(a, answer)
	}
	number, answer := a.proc.turns.Ask(a.proc.host.local(w.now), ask, told)
	a.turn, a.origin = number, ask.From
	if answer != nil {
		told(answer)
	} else {
		w.coverage.sometimes(WaitedForTurn)
	}
}

// endTurn ends the turn of an upload.
func (w *World) endTurn(a *actor) {
	a.proc.turns.End(a.proc.host.local(w.now), a.turn)
	a.turn, a.called = 0, false
}
