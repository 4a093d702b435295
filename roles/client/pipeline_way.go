package client

import (
	"github.com/relaypeer/relaypeer/roles"
)

// passWay passes an input on to the way, and returns what that means for the visit: Opened, or nil.
func (h *Pipeline) passWay(at roles.Moment, in roles.Input) roles.Input {
	effects, is, failed := h.pass(at, in)
	h.core.Do(effects...)
	if failed {
		h.wayless()
	}
	return is
}

// wayless ends a visit to which there is no way, as that of a Source.
func (h *Pipeline) wayless() {
	why := h.way.failed
	h.busy, h.scant, h.retry, h.broke = h.way.busy(), h.way.spent(), h.way.retry, h.way.broke()
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
