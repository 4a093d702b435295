package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestATerminalIsSparedCommandsHoweverTheContentIsCut(t *testing.T) {
	for _, c := range []struct {
		text string
		fine bool
	}{
		{"", true}, {"plain\ntext\twith\fpages\r\n", true}, {"größe 日本語 🙂", true},
		{"escape \x1b[2J", false}, {"bell \a", false}, {"null \x00", false}, {"next line \u0085", false}, {"not UTF-8 \xff", false},
		{"cut off \xe6\x97", false},
	} {
		for cut := 1; cut <= max(1, len(c.text)); cut++ {
			var out bytes.Buffer
			p := &printer{out: &out, guard: true}
			for at := 0; at < len(c.text); at += cut {
				if _, err := p.Write([]byte(c.text[at:min(at+cut, len(c.text))])); err != nil {
					break
				}
			}
			if fine := p.end() == nil; fine != c.fine {
				t.Errorf("%q in pieces of %d: fine is %v", c.text, cut, fine)
			}
			if c.fine && out.String() != c.text || bytes.ContainsFunc(out.Bytes(), func(r rune) bool { return strings.ContainsRune("\x1b\a\x00\ufffd", r) }) {
				t.Errorf("%q in pieces of %d came out as %q", c.text, cut, out.String())
			}
		}
		var out bytes.Buffer
		p := &printer{out: &out}
		if _, err := p.Write([]byte(c.text)); err != nil || p.end() != nil || out.String() != c.text {
			t.Errorf("%q unguarded: %q, %v, %v", c.text, out.String(), err, p.end())
		}
	}
}
