package protocol_test

import (
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
)

func TestAllWordsAreInANameInCapitalsOrNot(t *testing.T) {
	for _, test := range []struct {
		text, name string
		in         bool
	}{
		{"", "anything", true},
		{"  ", "anything", true},
		{"hol sum", "photos/Summer HOLidays.jpg", true},
		{"hol win", "photos/Summer HOLidays.jpg", false},
		{"ÜBER", "über/a.txt", true},
		{"über", "a/ÜBER.TXT", true},
		{"txt", "a/ÜBER.TXT", true},
		{"[live", "Song [Live", true},
		{strings.Repeat("a ", protocol.MaxWords) + "none", "a", true},
		{strings.Repeat("a ", protocol.MaxWords-1) + "none", "a", false},
	} {
		words := protocol.NewWords(test.text)
		for range 2 { // what was looked at before is of no account
			if words.In([]byte(test.name)) != test.in || words.InString(test.name) != test.in {
				t.Errorf("%q in %q: not %v", test.text, test.name, test.in)
			}
			words.In([]byte("something else, much longer"))
		}
	}
}
