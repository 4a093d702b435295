package web

import (
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func TestStrangersDoNotFillTheLog(t *testing.T) {
	all := &lines{}
	s := newSampled(hclog.New(&hclog.LoggerOptions{Output: all, Level: hclog.Debug}))
	for range 100 * logBurst {
		s.warn("noise")
		s.Write([]byte("http: TLS handshake error\x1b[2J\n"))
	}
	s.fail("a failure")
	s.Write([]byte("http: Accept error: too many open files; retrying in 5ms\n"))
	log := all.String()
	if n := strings.Count(log, "noise"); n < logBurst || n > 2*logBurst {
		t.Errorf("%d lines of noise", n)
	}
	if !strings.Contains(log, "a failure") || strings.Contains(log, "\x1b[2J") {
		t.Error(log)
	}
	s.levels[hclog.Warn].bucket.SetLimit(1e9) // time passes
	s.warn("later")
	if log := all.String(); !strings.Contains(log, "later: left_out=") {
		t.Error(log)
	}
}
