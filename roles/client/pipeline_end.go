package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// excuse evaluates an ERROR after a wrong file.
func (h *Pipeline) excuse(m *protocol.Error) {
	if !excuses(m.Code) {
		h.condemn(pipelineRefused)
		return
	}
	h.blame(m.Code, m.By, m.Text)
	h.answer(Answered{Item: h.asked[0], Code: m.Code, By: m.By, Text: m.Text})
	h.leave(pipelineAdmits)
}

// condemn rejects a node that sent a wrong file and did not explain it.
func (h *Pipeline) condemn(event PipelineEvent) {
	h.core.Fire(event)
	h.core.Reject(h.link, &protocol.Error{Code: protocol.BadHash, By: protocol.Client, Text: h.tried.Text})
}

// reject refuses a node that broke the protocol, and tells it so. A wrong file before that stays
// its reason.
func (h *Pipeline) reject(event PipelineEvent, err *protocol.Error) {
	err.By = protocol.Client
	if h.State() != PipelineJudging {
		h.blame(err.Code, err.By, err.Text)
	}
	h.core.Fire(event)
	h.core.Reject(h.link, err)
}

// leave closes the link as its initiator: it half-closes and waits for the peer's end of stream.
func (h *Pipeline) leave(event PipelineEvent) {
	if h.scant && h.tried.Code == 0 {
		h.blame(protocol.Quota, protocol.Relay, h.meter.scant())
	}
	h.core.Fire(event)
	h.core.Do(roles.HalfClose{Link: h.link}, roles.Discard{Link: h.link})
}

// blame notes the reason why the visit ends before everything was answered.
func (h *Pipeline) blame(code protocol.Code, by protocol.Party, text string) {
	h.tried.Code, h.tried.By, h.tried.Text = code, by, text
}

// cut notes that the link is gone. While leaving that is no failure, and after a wrong file it is
// no excuse.
func (h *Pipeline) cut(event PipelineEvent, code protocol.Code, text string) {
	switch h.State() {
	case PipelineLeaving, PipelineDoubting, PipelineJudging:
	default:
		h.broke = code == protocol.Lost || code == protocol.Timeout
		h.blame(code, protocol.Client, text)
	}
	h.core.Fire(event)
}

// closed releases the link. A visit that ends without a half-close is over with it.
func (h *Pipeline) closed(at roles.Moment, was PipelineState, stopped bool) {
	h.core.Do(h.way.leave(at, stopped)...)
	if was != PipelineNew && h.made(was == PipelineRelaying) {
		h.core.Do(roles.HangUp{Link: h.link})
	}
	if was != PipelineLeaving {
		h.visited(at)
	}
}

// visited reports the visit. A wrong file is answered with what was found about it.
func (h *Pipeline) visited(at roles.Moment) {
	h.tried.Took = at.Now - h.since
	h.meter.end()
	if h.wrong && !h.answered[h.asked[0]] {
		h.answer(Answered{Item: h.asked[0], Code: h.tried.Code, By: h.tried.By, Text: h.tried.Text})
	}
	if h.tried.Code == 0 {
		h.tried.By = protocol.Node
	}
	h.core.Do(roles.Report{Outcome: h.tried})
}

// working reports whether the pipeline has a link.
func (h *Pipeline) working() bool { return h != nil && h.State() != PipelineNew && !h.Final() }
