package peer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// The errors that errors.Is finds in what this package returns. It finds a [protocol.Code] as well,
// where one says why: errors.Is(err, protocol.Busy).
var (
	ErrNotFound    = errors.New("no node has it") // each was asked
	ErrTooEarly    = errors.New("it was not found, but that may change by itself")
	ErrUnsure      = errors.New("it was not found, but not every node could be asked")
	ErrUndelivered = errors.New("it is there, but no node could deliver it whole and verified")
	ErrNoRelay     = errors.New("the relay could not be asked")
	ErrTooMany     = errors.New("more names match than are fetched at once")
	ErrBadName     = errors.New("no file can have that name")
	ErrDisk        = errors.New("our own disk failed") // its error is found, too
	ErrGivenUp     = errors.New("given up: the same nodes have failed with too many other files")
	ErrClash       = errors.New("one name is a file and a folder")
	ErrInterrupted = errors.New("interrupted") // the context was done; its error is found, too
	ErrRejected    = errors.New("the relay refuses this node, and would again")
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
	Err  error          // of the system; nil: there is none
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

// Unwrap returns the kind and, if there is one, the code. What no node has is fs.ErrNotExist as well.
func (e *Error) Unwrap() []error {
	found := []error{e.Kind}
	if e.Code != 0 {
		found = append(found, e.Code)
	}
	if e.Err != nil {
		found = append(found, e.Err)
	}
	if e.Kind == ErrNotFound {
		found = append(found, fs.ErrNotExist)
	}
	return found
}

// kinds are the errors of the outcomes that are failures.
var kinds = map[client.Outcome]error{
	client.NobodyHad: ErrNotFound, client.TooEarly: ErrTooEarly, client.Unsure: ErrUnsure, client.Undelivered: ErrUndelivered, client.NoRelay: ErrNoRelay,
	client.DiskFailed: ErrDisk, client.BadlyNamed: ErrBadName, client.Interrupted: ErrInterrupted, client.GivenUp: ErrGivenUp,
}

// resultError returns the error that a result stands for, or nil.
func resultError(r client.Result) error {
	switch kind := kinds[r.Outcome]; {
	case r.Outcome == client.Fetched:
		return nil
	case kind == nil:
		return ErrInterrupted // it has not come to its end
	default:
		return &Error{kind, r.Code, r.By, said(r.By, protocol.Client, r.Text), r.Cause}
	}
}

// queryError returns the error that the result of a Query stands for, or nil.
func queryError(r client.QueryResult) error {
	kind, text := ErrNoRelay, said(r.By, protocol.Client, r.Text)
	switch {
	case r.Code == 0:
		return nil
	case r.Code == protocol.Interrupted:
		kind = ErrInterrupted
	case r.Code == protocol.BadName:
		kind = ErrBadName
	case r.By == protocol.Node:
		text = notARelay
	}
	return &Error{kind, r.Code, r.By, text, nil}
}

// named returns an error of a name or pattern as one of this package's.
func named(err error) error {
	if refusal := protocol.AsError(err); refusal != nil {
		return &Error{ErrBadName, refusal.Code, protocol.Client, refusal.Text, nil}
	}
	return err
}

// interrupted returns the error of a call whose context is done.
func interrupted(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
}

// notARelay is what a refusal by a node means to a party that took it for a relay.
const notARelay = "this is no relay; is it a peer node?"

// mostText is how many characters of a peer's text are shown, and ownText of what this side says.
const (
	mostText = 200
	ownText  = 1000
)

// said returns the text of a refusal so that it can be shown. Own is the party that this side is.
func said(by, own protocol.Party, text string) string {
	if by == own {
		return protocol.Printable(text, ownText)
	}
	return protocol.Printable(text, mostText)
}
