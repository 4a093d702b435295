package relay

import "github.com/relaypeer/relaypeer/roles"

// On returns the table that governs a link, and the state there: see rolestest.
func (s *Session) On(link roles.Link) (table, state string) {
	if link == probeLink && s.proving.probe != nil {
		return "relay.Probe", string(s.proving.probe.State())
	}
	return "", string(s.State())
}
