package share

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/hashicorp/go-hclog"
)

// A walk is due after a wait, not later than it was due already, and not before walks would take more
// than their part of the time.
func TestAWalkIsDueInTime(t *testing.T) {
	const second = time.Second
	for _, test := range []struct {
		wait, ago, took time.Duration // ago: since the end of the last walk
		due             time.Duration // 0: none is
		want            time.Duration
	}{
		{10 * second, 0, 0, 0, 10 * second},
		{10 * second, 0, second, 0, 20 * second},
		{10 * second, 15 * second, second, 0, 10 * second},
		{10 * second, 5 * second, second, 0, 15 * second},
		{10 * second, 0, 0, 5 * second, 5 * second},
		{10 * second, 0, 0, 15 * second, 10 * second},
		{10 * second, 0, second, 15 * second, 15 * second},
		{0, 0, second, 30 * second, 20 * second},
		{0, 30 * second, second, 30 * second, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			s := &scanner{Folder: &Folder{}, due: time.NewTimer(time.Hour), ended: begin.Add(-test.ago), took: test.took}
			defer s.due.Stop()
			if test.due > 0 {
				s.dueAt = begin.Add(test.due)
				s.due.Reset(test.due)
			}
			s.walkIn(test.wait)
			if got := s.dueAt.Sub(begin); got != test.want {
				t.Errorf("%+v: due after %v", test, got)
			}
			if <-s.due.C; time.Since(begin) != test.want {
				t.Errorf("%+v: the timer fires after %v", test, time.Since(begin))
			}
		})
	}
}

// A doubt has a walk due soon; without one nothing is.
func TestADoubtHasAWalkDue(t *testing.T) {
	for rescan, want := range map[time.Duration]time.Duration{time.Hour: doubtGap, 10 * time.Millisecond: 10 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			s := &scanner{Folder: &Folder{options: Options{Rescan: rescan}}, due: time.NewTimer(time.Hour)}
			defer s.due.Stop()
			if s.clearUp(); !s.dueAt.IsZero() {
				t.Error("a walk is due without a doubt")
			}
			s.doubt = true
			if s.clearUp(); s.dueAt.Sub(begin) != want {
				t.Errorf("due after %v", s.dueAt.Sub(begin))
			}
		})
	}
}

// Once a system has no room to watch a folder no more are tried, but those that it watches already,
// until a walk has them tried again. It is said once. Another error is that folder's alone.
func TestFoldersBeyondASystemsRoomAreNotWatched(t *testing.T) {
	var lines bytes.Buffer
	var failure error
	tries := 0
	h := handHints(func() {})
	h.log = hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: &lines})
	h.failing = func() error {
		tries++
		return failure
	}
	watch := func(already, want bool, tried int) {
		t.Helper()
		tries = 0
		if got := h.watch("folder", already); got != want || tries != tried {
			t.Errorf("watched: %v, after %d tries", got, tries)
		}
	}
	watch(false, false, 0) // there is no watcher
	h.watcher = &fsnotify.Watcher{}
	watch(false, true, 1)
	failure = syscall.EACCES
	watch(false, false, 1)
	failure = nil
	watch(false, true, 1)
	for _, failure = range []error{syscall.ENOSPC, fmt.Errorf("watch: %w", syscall.EMFILE)} {
		watch(false, false, 1)
		watch(false, false, 0)
		watch(true, false, 1)
		h.tryAgain()
		watch(false, false, 1)
		h.tryAgain()
	}
	failure = nil
	watch(false, true, 1)
	if strings.Count(lines.String(), "too many folders") != 1 {
		t.Errorf("it was said: %s", &lines)
	}
}

// A name of the disk is shared in its composed form, if it can be found by that.
func TestNamesAreComposed(t *testing.T) {
	const acute = "\u0301"
	for disk, want := range map[string]string{
		"a": "a", "a/b.c": "a/b.c", "\u00e9": "\u00e9", "e" + acute: "\u00e9", "x/e" + acute + "/o" + acute: "x/\u00e9/\u00f3",
		"\u00e9e" + acute: "", "e" + acute + "\u00e9": "", "\xff": "", "e" + acute + "\xff": "", "a\n": "", "e" + acute + "\n": "", "": "", "/a": "", "a//b": "", "../a": "", "\u212b": "",
	} {
		name, why := compose(disk)
		if name != want || (why == "") != (want != "") || strings.HasPrefix(why, "bad name") {
			t.Errorf("%q is %q, %q", disk, name, why)
		}
		if want != "" && disk != want && decompose(name) != disk {
			t.Errorf("%q is looked for as %q", disk, decompose(name))
		}
	}
}

// The names that are passed over are told, so many of them, and the others are counted when they are
// more than before.
func TestNamesThatArePassedOverAreCounted(t *testing.T) {
	var lines bytes.Buffer
	s := &scanner{Folder: &Folder{log: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: &lines})}, passed: newPassed(), shut: map[string]bool{}}
	walk := func(names int, want string) {
		t.Helper()
		s.passed.count = 0
		for n := range names {
			s.pass(fmt.Sprint("name", n), byKind, "why")
		}
		lines.Reset()
		s.passed.tellMore(s.log)
		if _, got, _ := strings.Cut(strings.TrimSpace(lines.String()), "not shared: "); got != want {
			t.Errorf("of %d names it is told: %q", names, got)
		}
	}
	walk(mostPassed, "")
	if got := len(s.passed.named); got != mostPassed {
		t.Errorf("%d names are told", got)
	}
	walk(mostPassed+1, "count=1 named=20")
	walk(mostPassed+1, "")
	walk(mostPassed, "")
	walk(mostPassed+5, "count=5 named=20")
	walk(mostPassed+4, "")
	lines.Reset()
	for n := range 2 * mostUnread {
		s.tooLarge(fmt.Sprint("name", n/2), 1)
		s.cannotEnter(fmt.Sprint("name", n/2), errors.New("no matter"))
		s.cannotEnter(fmt.Sprint("name", n/2), syscall.EACCES)
		s.cannotEnter(fmt.Sprint("folder", n/2), syscall.EACCES)
	}
	if got := strings.Count(lines.String(), "[WARN]"); got != mostUnread {
		t.Errorf("%d warnings", got)
	}
}

// A file is of a class of those that are about as large; a larger one is of none below.
func TestSizesHaveClasses(t *testing.T) {
	last := 0
	for _, size := range []int64{0, 1, 2, 3, 4, 7, 8, 1 << 20, 1<<21 - 1, 1 << 21, 1<<63 - 1} {
		of := class(size)
		if of < last || of >= sizeClasses || size > 0 && (size < 1<<(of-1) || of < 63 && size >= 1<<of) {
			t.Errorf("%d is of class %d", size, of)
		}
		last = of
	}
}
