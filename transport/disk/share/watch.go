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

// hints are names that are worth a look: the system says that something happened there, or somebody came upon a
// difference. They are never the truth: what they miss, such as a change made under another name of the same file, the
// next walk finds.
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

// mostHints is how many names are looked at by themselves; with more, a walk is as good.
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

// listen collects what the watcher says.
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

// touch says that a name is worth a look.
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

// miss says that any name may be worth a look.
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

// take returns the names there are, or that all are worth a look.
func (h *hints) take() (names map[string]bool, all bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	names, all = h.names, h.all
	h.names, h.all = map[string]bool{}, false
	return names, all
}

// watch has what happens in a folder noticed. It may be asked for again and again.
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

// unwatch ends watch.
func (h *hints) unwatch(name string) {
	if h.watcher != nil {
		h.watcher.Remove(filepath.Join(h.folder, filepath.FromSlash(name)))
	}
}

// lookAtHints looks at the names that the hints are about.
func (s *scanner) lookAtHints() {
	names, all := s.hints.take()
	if all {
		s.walkIn(0)
		return
	}
	// What is gone comes first: the watcher knows a folder that was moved by its old name until that is left, and to leave
	// it after the new one was entered would leave that unwatched.
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

// clearUp has a walk begin soon if there is a doubt.
func (s *scanner) clearUp() {
	if s.doubt {
		s.walkIn(min(doubtGap, s.options.Rescan))
	}
}
