package web

import (
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/time/rate"

	"github.com/relaypeer/relaypeer/protocol"
)

const (
	// logBurst is how many lines of one level that strangers cause are logged at once.
	logBurst = 10
	// logRate is how many more are logged in a second.
	logRate = 0.2
)

// sampled is a log of what strangers cause: they write a bounded number of lines a second. The next
// line says how many were left out. Each level has its own bound, so that noise hides no failure.
type sampled struct {
	log hclog.Logger

	mu     sync.Mutex
	levels map[hclog.Level]*sample
}

// sample is the bound of one level.
type sample struct {
	bucket  *rate.Limiter
	leftOut int
}

func newSampled(log hclog.Logger) *sampled {
	return &sampled{log: log, levels: map[hclog.Level]*sample{}}
}

func (s *sampled) warn(text string, args ...any) { s.at(hclog.Warn, text, args) }
func (s *sampled) fail(text string, args ...any) { s.at(hclog.Error, text, args) }

func (s *sampled) at(level hclog.Level, text string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.levels[level]
	if of == nil {
		of = &sample{bucket: rate.NewLimiter(logRate, logBurst)}
		s.levels[level] = of
	}
	if !of.bucket.Allow() {
		of.leftOut++
		return
	}
	if of.leftOut > 0 {
		args = append(args, "left_out", of.leftOut)
		of.leftOut = 0
	}
	s.log.Log(level, text, args...)
}

// Write takes what net/http has to say: mostly that a stranger has broken off a handshake, and that
// nobody can be accepted, as there are too many open files.
func (s *sampled) Write(line []byte) (int, error) {
	text := protocol.Printable(strings.TrimSpace(string(line)), protocol.MaxText)
	level := hclog.Debug
	if strings.Contains(text, "Accept error") {
		level = hclog.Warn
	}
	s.at(level, text, nil)
	return len(line), nil
}
