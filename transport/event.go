package transport

import (
	"fmt"
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// What is the type of an Event.
type What string

// The types of events.
const (
	Dialled      What = "dialled"
	DialFailed   What = "dial failed"
	Accepted     What = "accepted"
	SentMessage  What = "sent"
	HeardMessage What = "heard"
	SentBody     What = "sent body"
	ReceivedBody What = "received body"
	SplicedBody  What = "spliced"
	Secured      What = "secured"
	HalfClosed   What = "half-closed"
	PeerEnded    What = "peer ended"
	Closed       What = "closed"
	TurnedAway   What = "turned away"
)

// Event is something that happened on a link, for traces.
type Event struct {
	Link        roles.Link
	Local, Peer netip.AddrPort
	What        What
	Message     protocol.Message // of SentMessage and HeardMessage, and the refusal of TurnedAway, whose link has no other event
	Bytes       int64            // of SentBody, ReceivedBody and SplicedBody
	End         End              // of Closed
	Was         What             // of Closed: Dialled or Accepted, whichever event the link has had; "": neither, it came to an end before
	Err         error            // of DialFailed, and of Closed where an error ended the link
}

// String describes the event, without the addresses.
func (e Event) String() string {
	switch e.What {
	case SentMessage, HeardMessage:
		return fmt.Sprintf("%s %s", e.What, e.Message.Kind())
	case SentBody, ReceivedBody, SplicedBody:
		return fmt.Sprintf("%s of %d bytes", e.What, e.Bytes)
	case Closed:
		return fmt.Sprintf("%s: %s", e.What, e.End)
	case DialFailed:
		return fmt.Sprintf("%s: %v", e.What, e.Err)
	default:
		return string(e.What)
	}
}
