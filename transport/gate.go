package transport

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Gate is what a closed relay keeps of its invites. Its methods may be called at once, and may wait for
// the disk.
type Gate interface {
	// FindToken returns the key of a token; zero: there is no such token.
	FindToken(id protocol.TokenID) protocol.PeerID
	// Admit admits a peer, durably, and returns what it may do, or why it is not admitted.
	Admit(id protocol.PeerID, by protocol.TokenID, from netip.Addr) roles.Admitted
}

func (r *run) findToken(e roles.FindToken) {
	r.toDisk(func() letter {
		if r.loop.Gate == nil {
			return letter{input: roles.TokenFound{}}
		}
		return letter{input: roles.TokenFound{Key: r.loop.Gate.FindToken(e.Token)}}
	})
}

func (r *run) admit(e roles.Admit) {
	r.toDisk(func() letter {
		if r.loop.Gate == nil {
			return letter{input: roles.Admitted{Code: protocol.Internal, Text: "nobody is admitted here"}}
		}
		return letter{input: r.loop.Gate.Admit(e.ID, e.Token, e.From)}
	})
}
