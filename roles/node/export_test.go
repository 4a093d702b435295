package node

import "github.com/relaypeer/relaypeer/roles"

// On returns the table that governs a link, and the state in it.
func (m *Membership) On(link roles.Link) (table, state string) {
	switch link {
	case renewalLink:
		return m.beside.renewal.core.Name(), string(m.beside.renewal.State())
	case awaitLink:
		return m.await.core.Name(), string(m.await.State())
	}
	return m.core.Name(), string(m.State())
}
