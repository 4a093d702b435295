package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/relaypeer/relaypeer/protocol"
)

// End is how a link ended, as this side saw it.
type End int

// The ends.
const (
	Unended   End = iota // it has not ended
	Graceful             // FIN from both sides, nothing left unread
	Early                // we closed before the peer's end of stream
	Truncated            // the peer ended in the middle of a message
	Reset                // the peer reset the link
	TimedOut             // the peer did not take our data in time, or the system gave the link up
	Broken               // another failure of the link
	Cut                  // our side was ended at once
)

// String describes the end.
func (e End) String() string {
	switch e {
	case Unended:
		return "open"
	case Graceful:
		return "graceful, FIN from both sides"
	case Early:
		return "early, closed before the peer's end of stream"
	case Truncated:
		return "truncated by the peer"
	case Reset:
		return "reset by the peer"
	case TimedOut:
		return "timed out"
	case Cut:
		return "cut at once"
	}
	return "broken"
}

// endOf returns the end that an error of a link means.
func endOf(err error) End {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Truncated
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return Reset
	case isTimeout(err):
		return TimedOut
	}
	return Broken
}

// dialCode returns the code of a failed dial.
func dialCode(err error) protocol.Code {
	var lookup *net.DNSError
	var address *net.AddrError
	var peer *DialError
	switch {
	case errors.As(err, &peer):
		return peer.Code
	case errors.Is(err, syscall.ECONNREFUSED):
		return protocol.Refused
	case errors.As(err, &lookup), errors.As(err, &address), errors.Is(err, syscall.ENETUNREACH),
		errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.ENETDOWN):
		return protocol.Unreachable
	case isTimeout(err), errors.Is(err, context.DeadlineExceeded):
		return protocol.Timeout
	}
	return protocol.Lost
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT)
}
