package share

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/fsnotify/fsnotify"
	"github.com/hashicorp/go-hclog"
)

// hints are names that are worth a look, because the system reports an event there or a request has
// found a difference. Hints are never complete: the next walk finds the rest, such as a change
// under another name of the same file.
type hints struct {
	folder  string
	log     hclog.Logger
	watcher *fsnotify.Watcher // nil: there is none to be had
	arrived chan struct{}     // filled when there are some
	over    chan struct{}     // closed when the watcher has ended

	mu    sync.Mutex
	names map[string]bool
	all   bool // too many, or some were lost
	full  bool // no more folders can be watched
}

// mostHints bounds the names that are looked at one by one; a walk does as well for more.
const mostHints = 4096

func newHints(folder string, log hclog.Logger) *hints {
	h := &hints{folder: folder, log: log, arrived: make(chan struct{}, 1), over: make(chan struct{}), names: map[string]bool{}}
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
			if name, below := strings.CutPrefix(event.Name, h.folder+string(filepath.Separator)); below {
				h.touch(filepath.ToSlash(name))
			}
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
	select {
	case h.arrived <- struct{}{}:
	default:
	}
}

// take returns and clears the hints; all stands for every name.
func (h *hints) take() (names map[string]bool, all bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	names, all = h.names, h.all
	h.names, h.all = map[string]bool{}, false
	return names, all
}

// watch has the watcher report events in a folder. Calling it again is harmless.
func (h *hints) watch(name string) {
	h.mu.Lock()
	full := h.full
	h.mu.Unlock()
	if h.watcher == nil || full {
		return
	}
	err := h.watcher.Add(filepath.Join(h.folder, filepath.FromSlash(name)))
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EMFILE) {
		return
	}
	h.mu.Lock()
	h.full = true
	h.mu.Unlock()
	h.log.Warn("there are too many folders to watch them all: changes are also looked for by walking through them now and then", "why", err)
}

// unwatch undoes watch.
func (h *hints) unwatch(name string) {
	if h.watcher != nil {
		h.watcher.Remove(filepath.Join(h.folder, filepath.FromSlash(name)))
	}
}

// lookAtHints looks at the hinted names.
func (s *scanner) lookAtHints() {
	names, all := s.hints.take()
	if all {
		s.walkIn(0)
		return
	}
	// Names that are gone come first. The watcher knows a moved folder by its old name until it is
	// told to leave it; leaving that after entering the new one would leave the new one unwatched.
	for name := range names {
		if _, err := s.root.Lstat(name); err != nil {
			s.look(name)
			delete(names, name)
		}
	}
	for name := range names {
		s.look(name)
	}
	s.clearUp()
}

// clearUp schedules a walk soon if there is a doubt.
func (s *scanner) clearUp() {
	if s.doubt {
		s.walkIn(min(doubtGap, s.options.Rescan))
	}
}
