package share

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/hashicorp/go-hclog"
)

// hints are names that are worth a look, because the system reports an event there or a request has
// found a difference. Hints are never complete: the next walk finds the rest, such as a change
// under another name of the same file.
type hints struct {
	log     hclog.Logger
	watcher *fsnotify.Watcher // nil: there is none to be had
	failing func() error      // takes the place of adding a folder to it; nil: nothing does
	arrived chan struct{}     // filled when there are some
	over    chan struct{}     // closed when the watcher has ended

	mu     sync.Mutex
	folder string // the path, without links, below which they are
	names  map[string]bool
	all    bool        // too many, or some were lost
	due    bool        // some wait to be looked at, or are being looked at
	late   bool        // for longer than hintLag
	lag    *time.Timer // until then
	onLate func()      // called then
	full   bool        // no more folders can be watched
	said   bool        // which has been told
}

// mostHints bounds the names that are looked at one by one; a walk does as well for more.
const mostHints = 4096

func newHints(folder string, log hclog.Logger, failing func() error, onLate func()) *hints {
	h := &hints{
		folder: folder, log: log, failing: failing, onLate: onLate,
		arrived: make(chan struct{}, 1), over: make(chan struct{}), names: map[string]bool{},
	}
	h.lag = time.AfterFunc(time.Hour, h.fallBehind)
	h.lag.Stop()
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("changes in the shared folder are only noticed by walking through it now and then", "why", err)
		close(h.over)
		return h
	}
	h.watcher = watcher
	go h.listen()
	return h
}

func (h *hints) close() {
	if h.watcher != nil {
		h.watcher.Close()
	}
	<-h.over
	h.lag.Stop()
}

// listen turns the watcher's events into hints.
func (h *hints) listen() {
	defer close(h.over)
	for events, failures := h.watcher.Events, h.watcher.Errors; events != nil; {
		select {
		case event, more := <-events:
			if !more {
				return
			}
			h.hear(event.Name)
		case err, more := <-failures:
			if !more {
				failures = nil
				continue
			}
			h.log.Debug("the watcher of the shared folder", "why", err)
			h.miss()
		}
	}
}

// hear turns the path of an event into a hint.
func (h *hints) hear(path string) {
	h.mu.Lock()
	name, below := strings.CutPrefix(path, strings.TrimSuffix(h.folder, string(filepath.Separator))+string(filepath.Separator))
	h.mu.Unlock()
	if below {
		h.touch(filepath.ToSlash(name))
	}
}

// move has hints be those of another folder.
func (h *hints) move(folder string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.folder = folder
	clear(h.names)
}

// path returns the path of a folder.
func (h *hints) path(name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return filepath.Join(h.folder, filepath.FromSlash(name))
}

// touch adds a hint.
func (h *hints) touch(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all {
		return
	}
	h.names[name] = true
	if len(h.names) > mostHints {
		h.all = true
		clear(h.names)
	}
	h.wake()
}

// miss turns every name into a hint.
func (h *hints) miss() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = true
	clear(h.names)
	h.wake()
}

func (h *hints) wake() {
	if !h.due {
		h.due = true
		h.lag.Reset(hintLag)
	}
	select {
	case h.arrived <- struct{}{}:
	default:
	}
}

// fallBehind notes that hints have waited for long.
func (h *hints) fallBehind() {
	h.mu.Lock()
	h.late = h.due
	late := h.late
	h.mu.Unlock()
	if late {
		h.onLate()
	}
}

// isLate reports whether hints have waited for long, or have been looked at for long.
func (h *hints) isLate() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.late
}

// done notes that the hints that were taken have been looked at.
func (h *hints) done() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.due = h.all || len(h.names) > 0; h.due {
		h.lag.Reset(hintLag)
		return
	}
	h.late = false
	h.lag.Stop()
}

// take returns and clears the hints; all stands for every name.
func (h *hints) take() (names map[string]bool, all bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	names, all = h.names, h.all
	h.names, h.all = map[string]bool{}, false
	return names, all
}

// watch has the watcher report events in a folder, and returns false if it cannot. Calling it again
// is harmless; a folder that it watches already needs no more room.
func (h *hints) watch(name string, already bool) bool {
	path := h.path(name)
	h.mu.Lock()
	full := h.full
	h.mu.Unlock()
	if h.watcher == nil || full && !already {
		return false
	}
	err := h.add(path)
	if err == nil || !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EMFILE) {
		return err == nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.full = true; !h.said {
		h.said = true
		h.log.Warn("there are too many folders to watch them all: changes in the others are looked for every second or less often", "why", err)
	}
	return false
}

func (h *hints) add(path string) error {
	if h.failing != nil {
		return h.failing()
	}
	return h.watcher.Add(path)
}

// tryAgain lets folders be watched for which there was no room.
func (h *hints) tryAgain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.full = false
}

// unwatch undoes watch.
func (h *hints) unwatch(name string) {
	if h.watcher != nil {
		h.watcher.Remove(h.path(name))
	}
}

// lookAtHints looks at the hinted names.
func (s *scanner) lookAtHints() {
	defer s.hints.done()
	names, all := s.hints.take()
	if all {
		if s.behind = true; time.Now().After(s.skimmed.Add(mostWalks * s.skimTook)) {
			s.skim()
		}
		s.walkIn(0)
		return
	}
	for name := range names {
		if other := decompose(name); other != name {
			names[other] = true // a request knows the composed form only
		}
	}
	// Names that are gone come first. The watcher knows a moved folder by its old name until it is
	// told to leave it; leaving that after entering the new one would leave the new one unwatched.
	g := s.ground.Load()
	for name := range names {
		if _, err := g.lstat(name); err != nil {
			s.look(name)
			delete(names, name)
		}
	}
	for name := range names {
		s.look(name)
	}
	s.clearUp()
}
