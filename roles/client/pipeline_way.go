package client

import (
	"github.com/relaypeer/relaypeer/roles"
)

// connect dials the node, or makes a way to it through the relay.
func (h *Pipeline) connect(at roles.Moment) {
	node := h.tried.Node
	if !node.Relayed() {
		h.core.Fire(pipelineStarted)
		h.core.Do(roles.Dial{Link: h.link, To: node.String(), ID: node.ID, Also: h.also, Last: h.last})
		return
	}
	h.core.Fire(pipelineStartedRelayed)
	h.way.reset(h.broker, node, h.before)
	h.way.watch(h.watch)
	h.core.Do(h.way.Step(at, roles.Started{})...)
}

// passWay passes an input on to the way, and returns what that means for the visit: Opened, or nil.
func (h *Pipeline) passWay(at roles.Moment, in roles.Input) roles.Input {
	making := h.way.making()
	h.core.Do(h.way.Step(at, in)...)
	switch {
	case !making || h.way.making():
		return nil
	case h.way.State() == WayThere:
		h.ticket = h.way.open.Ticket
		return h.way.there
	}
	h.wayFailed()
	return nil
}

// wayFailed ends a visit to which there is no way, as that of a Source.
func (h *Pipeline) wayFailed() {
	why := h.way.failed
	h.busy, h.retry, h.broke = h.way.busy(), h.way.retry, h.way.broke()
	h.blame(why.Code, why.By, why.Text)
	if h.way.told {
		h.core.Fire(pipelineRelayWrong)
	} else {
		h.core.Fire(pipelineLost)
	}
}

// on returns the name of the table that governs a link of the visit, and the state there.
func (h *Pipeline) on(link roles.Link) (table, state string) {
	if table, state = h.way.on(link); table != "" {
		return table, state
	}
	return h.core.Name(), string(h.State())
}
