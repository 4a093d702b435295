package peer

import (
	"context"
	"errors"
	"fmt"

	"github.com/relaypeer/relaypeer/protocol"
)

// The errors that errors.Is finds in what this package returns. It finds a [protocol.Code] as well,
// where one says why: errors.Is(err, protocol.Busy).
var (
	ErrNotFound    = errors.New("no node has it") // each was asked
	ErrUnsure      = errors.New("it was not found, but not every node could be asked")
	ErrUndelivered = errors.New("it is there, but no node could deliver it whole and verified")
	ErrNoRelay     = errors.New("the relay could not be asked")
	ErrInterrupted = errors.New("interrupted") // the context was done; its error is found, too
	ErrDisplaced   = errors.New("another node has registered under this node's id")
	ErrUsed        = errors.New("a Node runs once")
	ErrEnded       = errors.New("the node has ended")
)

// Error is one of the errors above with the reason for it.
type Error struct {
	Kind error          // the error above
	Code protocol.Code  // why; 0: that is not known
	By   protocol.Party // the party that says so
	Text string         // the same for people, printable
}

// Error returns all of it in one line.
func (e *Error) Error() string {
	switch {
	case e.Code == 0 && e.Text == "":
		return e.Kind.Error()
	case e.Code == 0:
		return fmt.Sprintf("%v: %s", e.Kind, e.Text)
	case e.Text == "":
		return fmt.Sprintf("%v: %v (the %v)", e.Kind, e.Code, e.By)
	}
	return fmt.Sprintf("%v: %v (the %v: %s)", e.Kind, e.Code, e.By, e.Text)
}

// Unwrap returns the kind and, if there is one, the code.
func (e *Error) Unwrap() []error {
	if e.Code == 0 {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Code}
}

// interrupted returns the error of a call whose context is done.
func interrupted(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
}

// notARelay is what a refusal by a node means to a party that took it for a relay.
const notARelay = "this is no relay; is it a peer node?"

// mostText is how many characters of a peer's text are shown.
const mostText = 200
