package peer

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// mostLines bounds the lines of one kind in a second.
const mostLines = 10

// sampler logs what strangers can cause as often as they like: of each kind of line at most
// mostLines in a second. A line that follows a second later says how many were left out. So no kind
// hides another one.
type sampler struct {
	log hclog.Logger

	mu    sync.Mutex
	kinds map[string]*sampled
	timer *time.Timer // runs while lines are left out
}

// sampled counts the lines of a kind.
type sampled struct {
	level  hclog.Level
	second int64
	lines  int // in that second
	left   int // left out since the last line that said so
}

// say logs a line, which text is the kind of, or counts it.
func (s *sampler) say(level hclog.Level, text string, args ...any) {
	if s.may(level, text, time.Now().Unix()) {
		s.log.Log(level, text, args...)
	}
}

// may reports whether a line may be logged in that second.
func (s *sampler) may(level hclog.Level, text string, second int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds == nil {
		s.kinds = map[string]*sampled{}
	}
	k := s.kinds[text]
	if k == nil {
		k = &sampled{level: level}
		s.kinds[text] = k
	}
	if second != k.second {
		k.second, k.lines = second, 0
	}
	if k.lines < mostLines {
		k.lines++
		return true
	}
	k.left++
	if s.timer == nil {
		s.timer = time.AfterFunc(time.Second, s.flush)
	}
	return false
}

// flush says how many lines were left out: a second after the first of them, and at the end.
func (s *sampler) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil {
		return
	}
	s.timer.Stop()
	s.timer = nil
	for _, text := range slices.Sorted(maps.Keys(s.kinds)) {
		if k := s.kinds[text]; k.left > 0 {
			s.log.Log(k.level, "left out", "lines", k.left, "like", text)
			k.left = 0
		}
	}
}
