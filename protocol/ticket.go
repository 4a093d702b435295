package protocol

import "encoding/hex"

// Ticket makes a connection one end of a circuit. It is told over TLS alone, to one peer, and is good once.
// SPEC "Circuits".
type Ticket [TicketSize]byte

// IsZero reports whether t is the zero ticket, which stands for none.
func (t Ticket) IsZero() bool { return t == Ticket{} }

// String returns the first bytes of t in hex: a log tells two apart by them, and nobody can use them.
func (t Ticket) String() string { return hex.EncodeToString(t[:4]) }
