package cli

import (
	"errors"
	"fmt"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// The exit codes of all programs.
const (
	ExitFailure     = 1
	ExitUsage       = 2
	ExitNobodyHas   = 3
	ExitNoRelay     = 4
	ExitUndelivered = 5
	ExitTooEarly    = 6
	ExitDisplaced   = 7
	ExitInterrupted = 130
)

// Failure is an error with the exit code that it leads to. One without a text has been told already.
type Failure struct {
	Code int
	Text string
}

// Error returns the text.
func (f *Failure) Error() string { return f.Text }

// Usage returns the failure of a program that was called in a wrong way.
func Usage(format string, args ...any) *Failure {
	return &Failure{ExitUsage, fmt.Sprintf(format, args...)}
}

// ExitCode returns the exit code that an error leads to: that of a [Failure], or the one that an
// error of package peer has.
func ExitCode(err error) int {
	if failure := (*Failure)(nil); errors.As(err, &failure) {
		return failure.Code
	}
	if errors.Is(err, peer.ErrRejected) && errors.Is(err, protocol.Denied) {
		return ExitNoRelay
	}
	for _, row := range []struct {
		kind error
		code int
	}{
		{peer.ErrDisplaced, ExitDisplaced}, {protocol.RelayChanged, ExitNoRelay}, {protocol.RelayUnknown, ExitNoRelay},
		{peer.ErrInterrupted, ExitInterrupted}, {peer.ErrNotFound, ExitNobodyHas}, {peer.ErrNoRelay, ExitNoRelay}, {peer.ErrTooEarly, ExitTooEarly},
		{peer.ErrUndelivered, ExitUndelivered}, {peer.ErrBadName, ExitUsage},
	} {
		if errors.Is(err, row.kind) {
			return row.code
		}
	}
	return ExitFailure
}

// Served judges how a server's run ended: one that was told to stop before it began has not failed.
func Served(err error) error {
	if errors.Is(err, peer.ErrInterrupted) {
		return nil
	}
	return err
}
