package main

import (
	"errors"
	"testing"

	"github.com/spf13/pflag"
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
	parse := func(args ...string) (*options, error) {
		flags := pflag.NewFlagSet("bench", pflag.ContinueOnError)
		o := newOptions(flags)
		return o, errors.Join(flags.Parse(args), o.check())
	}
	for _, args := range [][]string{{"--runs", "0"}, {"--size", "0"}, {"--size", "big"}, {"--only", "("}, {"--only", "else"}, {"--names", "0"}} {
		if _, err := parse(args...); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
	o, err := parse("--large", "0", "--only", "^fetch$", "-o", "table")
	if err != nil || !o.only.matches("fetch") || o.only.matches("fetcher") || o.out != "table" {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parse(); err != nil || !o.only.matches("anything") {
		t.Errorf("%+v, %v", o, err)
	}
}
