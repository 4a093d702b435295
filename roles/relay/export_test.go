package relay

import "github.com/relaypeer/relaypeer/roles"

// Measure has a function called as each slice of an overview begins, and what it returns at its end.
func (r *Registry) Measure(f func() (over func(work int))) { r.measure = f }

// SliceWork is above the work of each slice of an overview.
const SliceWork = viewSlice + viewExtra

// On returns the table that governs a link, and the state there: see rolestest.
func (s *Session) On(link roles.Link) (table, state string) {
	if link == probeLink && s.proving.probe != nil {
		return "relay.Probe", string(s.proving.probe.State())
	}
	return "", string(s.State())
}
