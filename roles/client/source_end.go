package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// refused leaves a node that refuses. After a wrong group only some codes are an excuse.
func (s *Source) refused(err *protocol.Error) {
	if s.outdated(err) {
		return
	}
	event := sourceRefused
	if s.core.Can(sourceAdmits) {
		if !excuses(err.Code) {
			s.condemn(sourceRefused)
			return
		}
		event, s.visit.Barred = sourceAdmits, false
	}
	s.visit.Busy, s.visit.Retry = err.Code == protocol.Busy && !s.visit.Barred, roles.Millis(err.Retry)
	s.blame(err.Code, err.By, err.Text)
	s.leave(event)
}

// excuses reports whether an ERROR explains that the bytes before it were wrong.
func excuses(code protocol.Code) bool { return code == protocol.Changed || code == protocol.Internal }

// condemn rejects a node that sent a wrong group and did not explain it.
func (s *Source) condemn(event SourceEvent) {
	s.core.Fire(event)
	s.core.Reject(s.link, &protocol.Error{Code: protocol.BadHash, By: protocol.Client, Text: s.tried.Text})
}

// reject refuses a node that broke the protocol, and tells it so. An earlier fault of it stays its
// reason.
func (s *Source) reject(event SourceEvent, err *protocol.Error) {
	err.By = protocol.Client
	if s.State() != SourceJudging {
		s.blame(err.Code, err.By, err.Text)
	}
	s.core.Fire(event)
	s.core.Reject(s.link, err)
}

// leave closes the link as its initiator: it half-closes and waits for the peer's end of stream.
func (s *Source) leave(event SourceEvent) {
	s.core.Fire(event)
	s.core.Do(roles.HalfClose{Link: s.link}, roles.Discard{Link: s.link})
}

// blame notes the reason why the node does not help.
func (s *Source) blame(code protocol.Code, by protocol.Party, text string) {
	s.tried.Code, s.tried.By, s.tried.Text = code, by, text
}

// cut notes that the link is gone. While leaving that is no failure, and after a wrong group it is
// no excuse. A node that falls silent at one of two addresses may answer at the other.
func (s *Source) cut(event SourceEvent, code protocol.Code, text string) {
	switch s.State() {
	case SourceLeaving, SourceDoubting, SourceJudging:
	default:
		silent := s.also != "" && s.visit.Over.IsValid() && s.hashed.size == 0
		s.visit.Broke = code == protocol.Lost || s.visit.Gave || silent
		s.blame(code, protocol.Client, text)
	}
	s.core.Fire(event)
}

func (s *Source) expired() {
	if s.State() == SourceHolding {
		s.visit.Rested = true
		s.tried.By = protocol.Node
		s.leave(sourceExpired)
		return
	}
	s.cut(sourceExpired, protocol.Timeout, "no answer in time")
}

// updated looks at the picker: there may be something to do, or nothing any more.
func (s *Source) updated() {
	switch s.State() {
	case SourceHolding:
		if s.picker.open {
			s.work()
		}
	case SourceReceiving:
		if s.judged < s.asked[0].Count && s.picker.Overtaken(int(s.link)) {
			s.overtaken()
		}
	case SourceAsking, SourceDoubting, SourceJudging:
		if s.picker.Done() || s.picker.Overtaken(int(s.link)) {
			s.overtaken()
		}
	case SourceDialing, SourceRelaying, SourceTree:
		if s.picker.Done() {
			s.overtaken()
		}
	}
}

// further asks the node for more while it answers, if the picker has more for it: other groups are wanted by now.
func (s *Source) further(at roles.Moment) []roles.Effect {
	s.core.Begin()
	s.now = at.Now
	if s.State() == SourceAsking && !s.direct || s.State() == SourceReceiving {
		s.ask()
	}
	return s.core.Effects()
}

// overtaken closes the link at once: the node may be sending a body that nobody needs any more.
func (s *Source) overtaken() {
	switch {
	case s.visit.Barred:
	case s.visit.Gave:
		s.tried.By = protocol.Node
		s.visit.Rested = true // whoever has overtaken it may yet fail with the rest
	default:
		s.blame(protocol.Timeout, protocol.Client, "others were faster")
	}
	s.core.Fire(sourceOvertaken)
}

// dismiss closes the link at once: the node takes its time, and others wait for their turn.
func (s *Source) dismiss(at roles.Moment) []roles.Effect {
	s.core.Begin()
	was := s.State()
	if !s.visit.Barred {
		s.visit.Late = true
		s.blame(protocol.Timeout, protocol.Client, "no verified group in time, and others wait")
	}
	s.core.Fire(sourceDismissed)
	s.closed(at, was, true)
	return s.core.Effects()
}

// closed releases the link. A visit that ends without a half-close is over with it, and reported unless
// nobody wants to know.
func (s *Source) closed(at roles.Moment, was SourceState, report bool) {
	if was == SourceNew {
		return
	}
	s.core.Do(s.way.leave(at, !report)...)
	if s.made(was == SourceRelaying) {
		s.core.Do(roles.HangUp{Link: s.link})
	}
	switch {
	case was == SourceLeaving:
	case report:
		s.over(at)
	default:
		s.picker.Drop(int(s.link))
		s.meter.end()
	}
}

// over returns the groups that the source had taken, and reports the visit.
func (s *Source) over(at roles.Moment) {
	s.picker.Drop(int(s.link))
	s.meter.end()
	s.visit.Tried, s.visit.Ticket = s.tried, s.ticket()
	s.visit.Took = at.Now - s.since
	s.core.Do(roles.Report{Outcome: s.visit})
}

// working reports whether the source has a link.
func (s *Source) working() bool { return s.State() != SourceNew && !s.Final() }

// leaving reports whether it has half-closed its link.
func (s *Source) leaving() bool {
	return s.State() == SourceLeaving || s.core.Final() && s.way.closing()
}

// visiting reports whether the node may still be asked for something.
func (s *Source) visiting() bool { return s.working() && !s.leaving() }

// awaited reports whether something is awaited of the node.
func (s *Source) awaited() bool { return s.visiting() && s.State() != SourceHolding }

// pending reports whether the node has not described the file yet.
func (s *Source) pending() bool {
	return s.State() == SourceDialing || s.State() == SourceRelaying || s.State() == SourceAsking && s.direct || s.State() == SourceTree && s.page == nil && !s.tried.Had
}
