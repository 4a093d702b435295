package state

import "github.com/relaypeer/relaypeer/protocol"

// Uses are the peers that each token has admitted. It is used as often as it has.
type Uses map[protocol.TokenID]map[protocol.PeerID]bool

// UsesBy returns the uses that members are.
func UsesBy(members []Member) Uses {
	u := Uses{}
	for _, m := range members {
		u.add(m)
	}
	return u
}

func (u Uses) add(m Member) {
	if u[m.Token] == nil {
		u[m.Token] = map[protocol.PeerID]bool{}
	}
	u[m.Token][m.ID] = true
}

// Revoked returns the peers and the tokens that revocations are of.
func Revoked(all []Revocation) (barred map[protocol.PeerID]bool, void map[protocol.TokenID]bool) {
	barred, void = map[protocol.PeerID]bool{}, map[protocol.TokenID]bool{}
	for _, one := range all {
		if one.ID.IsZero() {
			void[one.Token] = true
		} else {
			barred[one.ID] = true
		}
	}
	return barred, void
}
