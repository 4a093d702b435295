package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// excuse judges an ERROR after a file that was wrong.
func (h *Pipeline) excuse(m *protocol.Error) {
	if !excuses(m.Code) {
		h.condemn(pipelineRefused)
		return
	}
	h.blame(m.Code, m.By, m.Text)
	h.answer(Answered{h.asked[0], m.Code, m.By, m.Text})
	h.leave(pipelineAdmits)
}

// condemn parts with a node that sent a wrong file and did not explain it.
func (h *Pipeline) condemn(event PipelineEvent) {
	h.core.Fire(event)
	h.core.Reject(h.link, &protocol.Error{Code: protocol.BadHash, By: protocol.Client, Text: h.tried.Text})
}

// reject parts with a node that broke the protocol, and says so. A wrong file before that weighs more.
func (h *Pipeline) reject(event PipelineEvent, err *protocol.Error) {
	err.By = protocol.Client
	if h.State() != PipelineJudging {
		h.blame(err.Code, err.By, err.Text)
	}
	h.core.Fire(event)
	h.core.Reject(h.link, err)
}

// leave closes the link as the one who opened it: half-close, wait for the other's end.
func (h *Pipeline) leave(event PipelineEvent) {
	h.core.Fire(event)
	h.core.Do(roles.HalfClose{Link: h.link}, roles.Discard{Link: h.link})
}

// blame notes why the visit is over before everything was answered.
func (h *Pipeline) blame(code protocol.Code, by protocol.Party, text string) {
	h.tried.Code, h.tried.By, h.tried.Text = code, by, text
}

// cut notes that the link is gone. While leaving that is how it should be, and after a wrong file it is no excuse.
func (h *Pipeline) cut(event PipelineEvent, code protocol.Code, text string) {
	switch h.State() {
	case PipelineLeaving, PipelineDoubting, PipelineJudging:
	default:
		h.blame(code, protocol.Client, text)
	}
	h.core.Fire(event)
}

// closed releases the link. A file that was wrong has been answered, with what was found about it.
func (h *Pipeline) closed(at roles.Moment, was PipelineState) {
	if was != PipelineNew {
		h.core.Do(roles.HangUp{Link: h.link})
		h.tried.Took = at.Now - h.since
	}
	if h.wrong && !h.answered[h.asked[0]] {
		h.answer(Answered{h.asked[0], h.tried.Code, h.tried.By, h.tried.Text})
	}
	if h.tried.Code == 0 {
		h.tried.By = protocol.Node
	}
	h.core.Do(roles.Report{Outcome: h.tried})
}
