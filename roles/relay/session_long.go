package relay

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// answerLong sends an answer that has taken room.
func (s *Session) answerLong(at roles.Moment, what Long, answer protocol.Message) {
	s.long, s.since = what, at.Now
	s.core.Do(roles.Send{Link: link, Message: answer, Told: true})
}

// locate answers a LOCATE. Where there is no room for a long page the page is a short one: a LOCATE
// is never refused.
func (s *Session) locate(at roles.Moment, m *protocol.Locate) {
	took := m.Limit > roles.DefaultPage && s.room.Take(at, LongLocate)
	if m.Limit > roles.DefaultPage && !took {
		short := *m
		short.Limit = roles.DefaultPage
		m = &short
	}
	answer := s.directory.Locate(at, s.from, m)
	if located, is := answer.(*protocol.Located); took && is && len(located.Peers) > roles.DefaultPage {
		s.core.Fire(sessionLongLocate)
		s.answerLong(at, LongLocate, answer)
		return
	}
	if took {
		s.room.Give(LongLocate)
	}
	s.core.Fire(sessionLocateHeard)
	s.answer(answer)
}

// list answers a LIST if there is room for the answer, and puts it off otherwise.
func (s *Session) list(at roles.Moment, m *protocol.List) {
	if !s.room.Take(at, LongList) {
		s.asked, s.since = m, at.Now
		s.core.Fire(sessionListPutOff)
		return
	}
	s.core.Fire(sessionListHeard)
	s.answerLong(at, LongList, s.directory.List(at, s.from, m))
}

// tryAgain answers a LIST that was put off if there is room now. After ListPatience it answers with a
// short page, which needs none: a list that many others keep from its room gets on slowly, but it does.
func (s *Session) tryAgain(at roles.Moment) {
	switch {
	case s.bars(s.asked):
	case s.room.Take(at, LongList):
		s.core.Fire(sessionRoom)
		s.answerLong(at, LongList, s.directory.List(at, s.from, s.asked))
	case at.Now-s.since < roles.ListPatience:
		s.core.Fire(sessionNoRoom)
		s.core.Arm(roles.ListTurn)
		return
	default:
		short := *s.asked
		if short.Limit == 0 || short.Limit > roles.ShortList {
			short.Limit = roles.ShortList
		}
		s.core.Fire(sessionExpired)
		s.answer(s.directory.List(at, s.from, &short))
	}
	s.asked = nil
}

// sent goes on after a long answer.
func (s *Session) sent() {
	if s.State() == SessionAnswering {
		s.release()
		s.core.Fire(sessionSent)
		s.core.Do(roles.Hear{Link: link})
	}
}

// release gives back the room of the answer that is on its way, if there is one.
func (s *Session) release() {
	if s.long != shortAnswer {
		s.room.Give(s.long)
		s.long = shortAnswer
	}
}
