package disktest

import (
	"bytes"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// Lines is what has been warned of. It may be read while more is written.
type Lines struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

// Log returns a logger that collects what it is warned of.
func Log() (hclog.Logger, *Lines) {
	lines := &Lines{}
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: lines}), lines
}

func (l *Lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(line)
}

func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

func (l *Lines) Len() int { return len(l.String()) }

func (l *Lines) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines.Reset()
}
