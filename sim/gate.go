package sim

import (
	"encoding/binary"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// gatehouse is what a closed relay keeps of its invites, on its disk: no crash takes it away.
type gatehouse struct {
	w       *World
	tokens  map[protocol.TokenID]issued
	members map[protocol.PeerID]member
	entered map[protocol.PeerID]bool // those who were told so
	holds   map[holding]bool
}

// holding is a key whose owner has the invite of a token.
type holding struct {
	id protocol.PeerID
	by protocol.TokenID
}

// issued is an invite, with the host that it was given to.
type issued struct {
	key  protocol.PeerID
	of   string // the host's name
	uses int
	role protocol.Role
}

// member is a key that a token has admitted.
type member struct {
	by   protocol.TokenID
	role protocol.Role
}

// mostKeys is more keys than a host has in a run.
const mostKeys = 100

// spentToken is the invite of a stranger, which somebody else has used before him.
var spentToken = protocol.TokenID{0xff, 1}

// strangersToken is the invite of a stranger that lets it in, as a node.
var strangersToken = protocol.TokenID{0xff, 2}

// inviteBy returns the invite of a token.
func inviteBy(id protocol.TokenID) *protocol.Invite {
	invite := &protocol.Invite{Addresses: []string{"relay:7000"}, Relay: numbered(relayRole, 0), Token: id, Role: protocol.BothRoles, Expires: 1}
	copy(invite.Secret[:], id[:])
	return invite
}

func newGatehouse(w *World) *gatehouse {
	g := &gatehouse{w: w, tokens: map[protocol.TokenID]issued{}, members: map[protocol.PeerID]member{}, entered: map[protocol.PeerID]bool{}, holds: map[holding]bool{}}
	g.tokens[spentToken] = issued{inviteBy(spentToken).KeyID(), "x", 1, protocol.BothRoles}
	g.holds[holding{sampleKey, spentToken}] = true
	g.tokens[strangersToken] = issued{inviteBy(strangersToken).KeyID(), "x", mostKeys, protocol.NodeRole}
	g.holds[holding{sampleKey, strangersToken}] = true
	g.members[protocol.PeerID{0: 0xee}] = member{spentToken, protocol.BothRoles}
	return g
}

// invites gives a host an invite, if the relay is closed.
func (w *World) invites(h *host) {
	if w.gate == nil {
		return
	}
	binary.BigEndian.PutUint16(h.token[:], uint16(h.index)+1)
	role := protocol.ClientRole
	if h.role == nodeRole {
		role = protocol.NodeRole
	}
	w.gate.tokens[h.token] = issued{inviteBy(h.token).KeyID(), h.name, mostKeys, role}
}

// entry returns what a machine of a process needs to enter the relay.
func (w *World) entry(p *process) roles.Entry {
	if w.gate == nil || p.entered {
		return roles.Entry{}
	}
	w.gate.holds[holding{p.host.key, p.host.token}] = true
	return roles.Entry{Invite: inviteBy(p.host.token), ID: p.host.key}
}

// Role implements relay.Gate.
func (g *gatehouse) Role(id protocol.PeerID) protocol.Role {
	if g.w.planted(func(p *Plant) bool { return p.Open }) {
		return protocol.BothRoles
	}
	if g.revoked(id) && !g.w.planted(func(p *Plant) bool { return p.Lenient }) {
		return 0
	}
	return g.members[id].role
}

// Barred implements relay.Gate.
func (g *gatehouse) Barred(id protocol.PeerID) bool { return g.revoked(id) }

// revoked reports whether the owner has revoked a host's key, for now.
func (g *gatehouse) revoked(id protocol.PeerID) bool {
	return slices.ContainsFunc(g.w.troubles, func(t *trouble) bool { return t.Class == scenario.Revoke && t.who.key == id })
}

// admitted reports whether a key is a member's that is not revoked.
func (g *gatehouse) admitted(id protocol.PeerID) bool {
	_, is := g.members[id]
	return is && !g.revoked(id)
}

// revoke begins a time in which a host is revoked: its leases end.
func (w *World) revoke(t *trouble) {
	if w.gate == nil || t.who == w.relay {
		return
	}
	if w.gate.admitted(t.who.key) {
		w.fired(t)
	}
	w.lasting(t)
	if p := w.relay.proc; p != nil {
		p.oracle.expel(w.relay.local(w.now))
		w.expel(p)
	}
}

// findToken answers FindToken from the relay's disk.
func (w *World) findToken(a *actor, e roles.FindToken) {
	w.tellLater(a, w.diskWait(a.proc.host), roles.TokenFound{Key: w.gate.tokens[e.Token].key})
}

// admit answers Admit: the member is on the disk before that is said.
func (w *World) admit(a *actor, e roles.Admit) {
	g, h := w.gate, a.proc.host
	if t := w.troubled(scenario.DiskError, h); t != nil {
		w.fired(t)
		w.tellLater(a, w.diskWait(h), roles.Admitted{Code: protocol.Internal, Text: "the disk gives errors"})
		return
	}
	w.after(w.diskWait(h), func() {
		if a.over() {
			return
		}
		role, text := g.admits(e)
		if text != "" {
			w.tell(a, roles.Admitted{Code: protocol.Denied, Text: text})
			return
		}
		w.check.s24Admits(a, e)
		if w.planted(func(p *Plant) bool { return p.Hasty }) {
			w.tell(a, roles.Admitted{Role: role})
			w.after(w.diskWait(h)+1, func() {
				if !a.proc.dead {
					g.members[e.ID] = member{e.Token, role}
				}
			})
			return
		}
		g.members[e.ID] = member{e.Token, role}
		w.tellLater(a, w.diskWait(h), roles.Admitted{Role: role})
	})
}

// admits returns what a peer may do then, or why a token does not admit it.
func (g *gatehouse) admits(e roles.Admit) (role protocol.Role, text string) {
	t := g.tokens[e.Token]
	switch role = g.members[e.ID].role; {
	case g.revoked(e.ID):
		return 0, "this key was revoked"
	case role.Covers(t.role):
		return role, ""
	case g.used(e.Token) >= t.uses && !g.w.planted(func(p *Plant) bool { return p.Generous }):
		return 0, "the invite is used up"
	}
	return role | t.role, ""
}

func (g *gatehouse) used(id protocol.TokenID) (keys int) {
	for _, m := range g.members {
		if m.by == id {
			keys++
		}
	}
	return keys
}
