package transport

import (
	"io"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

const (
	mostFarewells = 64       // links that are being told busy at once; one more is closed without a word
	farewellBytes = 64 << 10 // that such a link may still bring before it is closed
)

// turnAway tells a link that there is no room, and waits a moment for the peer to read that: closing with unread
// input would reset the link and take the message along.
func (s *Server) turnAway(conn Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.farewells >= mostFarewells {
		conn.Close()
		return
	}
	s.farewells++
	s.serving.Add(1)
	go func() {
		defer s.serving.Done()
		farewell(conn, &protocol.Error{
			Code: protocol.Busy, By: s.Party, Text: "no room for another link", Retry: protocol.ToMillis(protocol.BusyRetry),
		})
		s.mu.Lock()
		s.farewells--
		s.mu.Unlock()
	}()
}

func farewell(conn Conn, refusal *protocol.Error) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(protocol.CloseTimeout))
	if _, err := conn.Write(protocol.Append(nil, refusal)); err != nil {
		return
	}
	conn.CloseWrite()
	io.CopyN(io.Discard, conn, farewellBytes)
}
