package transport

import (
	"context"

	"github.com/relaypeer/relaypeer/roles"
)

// Invite runs a machine that begins with an invitation, and dials. It counts among the server's links, and
// ends with them: above the limit it learns that there is no room, and where there is none even to refuse
// it, nothing is run. Of all invitations together no more are run than one address may have links: they come from one relay.
// Nor is it while the server does not serve. Invite may be called at any time, from any
// goroutine. It does not wait.
func (s *Server) Invite(in roles.Invited) {
	s.mu.Lock()
	serves := s.inviting
	s.mu.Unlock()
	if !serves {
		return
	}
	s.makeRoom()
	m := s.New()
	r := s.invited(in, m)
	if r == nil {
		s.free(m)
		return
	}
	go func() {
		defer s.serving.Done()
		r.mu.Lock()
		r.work(false)
		s.leave(r)
	}()
}

// invited returns the run of an invitation, which is counted; nil: there is to be none. Nobody's address
// says from where it comes: the relay's is that of all.
func (s *Server) invited(in roles.Invited, m roles.Machine) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	in.Busy = s.atLimit()
	tooMany := s.From > 0 && s.guests >= s.From // one relay sends them all, and those who dial need links, too
	if !s.inviting || tooMany || in.Busy && s.farewells >= Farewells(s.Limit) {
		return nil
	}
	r := &run{
		loop: s.Loop, machine: m, start: s.start, ctx: context.Background(), full: in.Busy, requests: s.requests.ofIDs(),
	}
	r.mailbox = append(r.mailbox, letter{input: in})
	r.guest = true
	s.guests++
	s.enter(r)
	s.serving.Add(1)
	return r
}
