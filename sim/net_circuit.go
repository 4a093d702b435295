package sim

import (
	"cmp"
	"encoding/binary"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// awaitLink is the link of a membership on which it waits for invitations.
const awaitLink roles.Link = 2

// circuits reports whether the relays of the scenario make circuits.
func (w *World) circuits() bool { return w.scenario.Relay.Circuits && !w.scenario.Relay.Plain }

// makeCircuits gives a relay what its sessions share of circuits.
func (w *World) makeCircuits(p *process) {
	if !w.circuits() {
		return
	}
	limits, circuits := relay.OpenLimits, relay.NewCircuits
	if w.gate != nil {
		limits = relay.ClosedLimits
	}
	if confused := w.planted(func(p *Plant) bool { return p.Confused }); confused == (w.gate == nil) {
		circuits = relay.NewClosedCircuits
	}
	limits.Circuits = cmp.Or(w.scenario.Relay.Ways, limits.Circuits)
	limits.BytesFrom = cmp.Or(int64(w.scenario.Relay.Passes), limits.BytesFrom)
	limits.Rate = cmp.Or(int64(w.scenario.Relay.Pace), limits.Rate)
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], w.rand())
	p.circuits, p.crossings = circuits(limits, key), newCrossings(limits, w.gate != nil)
}

// expel cuts the circuits of those whom a closed relay has revoked.
func (w *World) expel(p *process) {
	if p.circuits == nil {
		return
	}
	p.crossings.expel(w.relay.local(w.now), w.gate.admitted)
	if w.planted(func(p *Plant) bool { return p.Sheltering }) {
		return
	}
	for _, number := range p.circuits.Expel(w.relay.local(w.now), w.gate.admitted) {
		w.awaken(p, number)
	}
}

// invite starts an upload for a client who waits at the relay. A node that stops follows no invitation.
func (w *World) invite(p *process, to node.Invited) {
	if p.stopping {
		return
	}
	if p.host.lie != scenario.Honest {
		w.coverage.fault(scenario.Liar)
		w.tell(w.addActor(p, strangerKind, &guest{impostor: newImpostor(p.host.lie, w, p)}), roles.Invited{Relay: to.Relay, Ticket: to.Ticket})
		return
	}
	a := w.addActor(p, uploadKind, w.pool.upload())
	if full := w.troubled(scenario.Busy, p.host); full != nil {
		w.fired(full)
		w.coverage.sometimes(TurnedAway)
		a.full = true
	}
	w.step(a, roles.Invited{Relay: to.Relay, Ticket: to.Ticket, Busy: a.full}) // at once: a machine is told to stop after that
}

// spare has a relay that is full end its circuits.
func (w *World) spare(h *host) {
	if h.role != relayRole || h.proc == nil || h.proc.hung {
		return
	}
	for _, a := range h.proc.actors {
		if a.kind == sessionKind && a.state == string(relay.SessionCarrying) {
			w.step(a, roles.Stopped{Scarce: true})
		}
	}
}
