package program

import (
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// visits tells a node's log what is asked for and sent: each file, but of many files in a second only so many.
type visits struct {
	log hclog.Logger

	mu     sync.Mutex
	second int64
	told   int // in that second
	more   int // that were not
}

// visitsTold is how many lines about single files a second may have.
const visitsTold = 10

func (v *visits) served(outcome roles.Outcome) {
	s, is := outcome.(node.Served)
	if !is {
		return
	}
	aside := s.Code == 0 && (s.Tree || s.Offset > 0)
	if aside && !v.log.IsDebug() || !aside && !v.may(time.Now().Unix()) {
		return
	}
	what := protocol.Printable(s.Name, 200)
	if what == "" {
		what = s.Hash.String()
	}
	switch {
	case aside && s.Tree:
		v.log.Debug("describing", "name", what, "to", s.Peer)
	case aside:
		v.log.Debug("sending on", "name", what, "to", s.Peer, "offset", s.Offset, "bytes", s.Length)
	case s.Code != 0:
		v.log.Info("refused", "name", what, "to", s.Peer, "code", s.Code)
	default:
		v.log.Info("sending", "name", what, "to", s.Peer, "bytes", s.Length)
	}
}

// may reports whether another line is told in a second. How many were not is told a second later.
func (v *visits) may(second int64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if second != v.second {
		v.second, v.told = second, 0
	}
	if v.told < visitsTold {
		v.told++
		return true
	}
	if v.more++; v.more == 1 {
		time.AfterFunc(time.Second, v.tellMore)
	}
	return false
}

func (v *visits) tellMore() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.log.Info("and more", "requests", v.more)
	v.more = 0
}
