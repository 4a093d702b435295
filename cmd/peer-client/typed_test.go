package main

import (
	"slices"
	"testing"
)

// TestWhatIsTypedIsComposed: names are in normal form C, and some systems complete them decomposed.
func TestWhatIsTypedIsComposed(t *testing.T) {
	c := &command{args: []string{"cafe\u0301.txt", "cafe\u0301/*\u30ab\u3099", "caf\u00e9", "\u1100\u1161"}}
	want := []string{"caf\u00e9.txt", "caf\u00e9/*\u30ac", "caf\u00e9", "\uac00"}
	if err := c.typed(); err != nil || !slices.Equal(c.args, want) {
		t.Errorf("%q, %v", c.args, err)
	}
	for _, bad := range []string{"a\x00", "../a", "\xff"} {
		if err := (&command{args: []string{bad}}).typed(); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
