package main

import (
	"io"
	"testing"
)

func TestSizesAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]size{"0": 0, "100": 100, "4KiB": 4 << 10, "1 GiB": 1 << 30, "10TiB": 10 << 40} {
		var s size
		if err := s.Set(text); err != nil || s != want {
			t.Errorf("%q is %d, %v", text, int64(s), err)
		}
		var again size
		if err := again.Set(s.String()); err != nil || again != s {
			t.Errorf("%d is written %q, which is %d, %v", int64(s), s.String(), int64(again), err)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "1GB", "1.5GiB", "9999999999TiB"} {
		var s size
		if s.Set(text) == nil {
			t.Errorf("%q is %d", text, int64(s))
		}
	}
}

func TestFlagsThatCannotBeMeasuredAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-runs", "0"}, {"-size", "0"}, {"-only", "("}, {"more"}, {"-names", "0"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
	if o, err := parse([]string{"-large", "0", "-only", "^fetch$"}, io.Discard); err != nil || !o.only.MatchString("fetch") || o.only.MatchString("prefetch") {
		t.Errorf("%+v, %v", o, err)
	}
}
