package peer

import (
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// accessLog logs what a node is asked for and sends: each file, but of many in a second only so
// many.
type accessLog struct {
	log hclog.Logger

	mu     sync.Mutex
	second int64
	lines  int // in that second
	more   int // requests without a line
	timer  *time.Timer
}

// mostLines bounds the lines about single files in a second.
const mostLines = 10

// served takes the reports of Uploads.
func (a *accessLog) served(outcome roles.Outcome) {
	s, is := outcome.(node.Served)
	if !is {
		return
	}
	aside := s.Code == 0 && (s.Tree || s.Offset > 0)
	if aside && !a.log.IsDebug() || !aside && !a.may(time.Now().Unix()) {
		return
	}
	what := protocol.Printable(s.Name, mostText)
	if what == "" {
		what = s.Hash.String()
	}
	switch {
	case aside && s.Tree:
		a.log.Debug("describing", "name", what, "to", s.Peer)
	case aside:
		a.log.Debug("sending on", "name", what, "to", s.Peer, "offset", s.Offset, "bytes", s.Length)
	case s.Code != 0:
		a.log.Info("refused", "name", what, "to", s.Peer, "code", s.Code)
	default:
		a.log.Info("sending", "name", what, "to", s.Peer, "bytes", s.Length)
	}
}

// may reports whether a request may have a line in that second. Those without one are counted in a
// line that follows a second later.
func (a *accessLog) may(second int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if second != a.second {
		a.second, a.lines = second, 0
	}
	if a.lines < mostLines {
		a.lines++
		return true
	}
	if a.more++; a.more == 1 {
		a.timer = time.AfterFunc(time.Second, a.logMore)
	}
	return false
}

// logMore logs how many requests had no line: a second after the first of them, and at the end.
func (a *accessLog) logMore() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.more > 0 {
		a.timer.Stop()
		a.log.Info("and more", "requests", a.more)
		a.more = 0
	}
}
