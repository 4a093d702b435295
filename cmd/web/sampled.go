package web

import (
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/time/rate"

	"github.com/relaypeer/relaypeer/protocol"
)

const (
	// logBurst is how many lines that strangers cause are logged at once.
	logBurst = 10
	// logRate is how many more are logged in a second.
	logRate = 0.2
)

// sampled is a log of what strangers cause: they write a bounded number of lines a second. The next
// line says how many were left out.
type sampled struct {
	log hclog.Logger

	mu      sync.Mutex
	bucket  *rate.Limiter
	leftOut int
}

func newSampled(log hclog.Logger) *sampled {
	return &sampled{log: log, bucket: rate.NewLimiter(logRate, logBurst)}
}

func (s *sampled) warn(text string, args ...any)  { s.at(hclog.Warn, text, args) }
func (s *sampled) debug(text string, args ...any) { s.at(hclog.Debug, text, args) }

func (s *sampled) at(level hclog.Level, text string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.bucket.Allow() {
		s.leftOut++
		return
	}
	if s.leftOut > 0 {
		args = append(args, "left_out", s.leftOut)
		s.leftOut = 0
	}
	s.log.Log(level, text, args...)
}

// Write takes what net/http has to say: most often that a stranger has broken off a handshake.
func (s *sampled) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	s.debug(protocol.Printable(text, protocol.MaxText))
	return len(line), nil
}
