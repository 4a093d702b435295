package roles

import "github.com/relaypeer/relaypeer/protocol"

// Entry is what the initiator of a link to a closed relay needs to be admitted. The zero value needs no
// admission.
type Entry struct {
	Invite *protocol.Invite // nil: there is none, or it has been used
	ID     protocol.PeerID  // our own, which the link proves
}

// Enter returns the request with which a link begins; nil: none is needed, or the link is in plain, where
// nobody has an id.
func (e Entry) Enter(in Opened) protocol.Message {
	if e.Invite == nil || in.ID.IsZero() {
		return nil
	}
	return e.Invite.Enter(in.Exporter, e.ID)
}
