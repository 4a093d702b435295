package transport

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Links returns how many links the server has, but for those that it refuses. It may be called at any time.
func (s *Server) Links() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.runs) - s.farewells
}

// turnAway refuses a link at once, as well as that can be done without waiting for its peer.
func (s *Server) turnAway(conn Conn) {
	refusal := roles.Busy()
	refusal.By = s.By
	conn.SetWriteDeadline(time.Now().Add(acceptFirst))
	conn.Write(protocol.Append(nil, refusal))
	conn.Close()
	if s.Loop.Trace != nil {
		s.Loop.Trace(Event{What: TurnedAway, Local: addrPort(conn.LocalAddr()), Peer: addrPort(conn.RemoteAddr()), Message: refusal})
	}
}
