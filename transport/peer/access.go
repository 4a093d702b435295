package peer

import (
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// accessLog logs what a node is asked for and sends: each file, but of many in a second only so many.
type accessLog struct {
	log hclog.Logger

	mu     sync.Mutex
	second int64
	told   int // in that second
	more   int // that were not
	timer  *time.Timer
}

// mostTold is how many lines about single files a second may have.
const mostTold = 10

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

// may reports whether another line is told in a second. How many were not is told a second later.
func (a *accessLog) may(second int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if second != a.second {
		a.second, a.told = second, 0
	}
	if a.told < mostTold {
		a.told++
		return true
	}
	if a.more++; a.more == 1 {
		a.timer = time.AfterFunc(time.Second, a.tellMore)
	}
	return false
}

// tellMore tells how many requests had no line. At the end of a node it is called instead of by the timer.
func (a *accessLog) tellMore() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.more > 0 {
		a.timer.Stop()
		a.log.Info("and more", "requests", a.more)
		a.more = 0
	}
}
