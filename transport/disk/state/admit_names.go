package state

import "github.com/relaypeer/relaypeer/protocol"

// Name returns the name of an id that has been admitted, as the owner's file has it, or else that of its token; "": there is
// none.
func (a *Admission) Name(id protocol.PeerID) string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if name := a.names[id]; name != "" && name != NoName {
		return name
	}
	return a.called[id]
}

// Count returns how many ids have been admitted, those that have been revoked since as well.
func (a *Admission) Count() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	count := len(a.listed) + len(a.members)
	for id := range a.listed {
		if _, twice := a.members[id]; twice {
			count--
		}
	}
	return count
}
