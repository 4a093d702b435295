package transport

import (
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// askTurn asks for a turn. One that is given at once is the next letter; another one comes from the
// stepper of whichever run makes room for it, which must not be held up by this machine.
func (r *run) askTurn(e roles.AskTurn) {
	answer := roles.Input(roles.TurnGiven{})
	if r.loop.Turns != nil {
		r.turn, answer = r.loop.Turns.Ask(time.Since(r.start), e, func(answer roles.Input) {
			r.enter()
			go func() {
				defer r.leave()
				r.post(letter{input: answer})
			}()
		})
	}
	if answer != nil {
		r.post(letter{input: answer})
	}
}

// endTurn ends the turn that was asked for last.
func (r *run) endTurn() {
	if r.turn != 0 {
		r.loop.Turns.End(time.Since(r.start), r.turn)
		r.turn = 0
	}
}
