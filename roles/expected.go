package roles

import "github.com/relaypeer/relaypeer/protocol"

// Expected is who a machine takes for its relay: the peer with an id, or, where none is known, the first that
// it meets, from then on. SPEC "Identity".
type Expected struct {
	ID  protocol.PeerID // zero: nobody has been met yet, or links are in plain
	met bool            // just now, and what has answered so far does not say that it is a relay
}

// Opened takes note of who answers.
func (e *Expected) Opened(in Opened) {
	if e.ID.IsZero() && !in.ID.IsZero() {
		e.ID, e.met = in.ID, true
	}
}

// Answered reports whether the first answer of a relay that was met just now says that it is one: a refusal that
// another party has written does not.
func (e *Expected) Answered(m protocol.Message) (met bool) {
	refusal, is := m.(*protocol.Error)
	met = e.met && (!is || refusal.By == protocol.Relay)
	e.met = e.met && !met
	return met
}
