package share

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// mostUnread bounds the number of unreadable files that the log names; the others are counted.
const mostUnread = 20

// unread counts files that could not be read for hashing. The share's mutex guards it.
type unread struct {
	files int // so far, each once as long as it stays so
	told  int // of them

	counts [causes]int     // of those that are told as opaque, by what keeps them from being hashed
	kept   map[link]string // some of them, with the reason
}

// note notes why an entry cannot be hashed, as long as followers are told so.
func (s *Folder) note(e *entry, by cause, why string) {
	if e.mark != protocol.Opaque {
		return
	}
	s.unread.forget(e)
	switch by {
	case byDenial:
		e.set(denied)
	case byFailure:
		e.set(failing)
	default:
		e.set(denied | failing)
	}
	u := &s.unread
	u.counts[e.noted()]++
	if len(u.kept) >= transport.MaxUnshared {
		return
	}
	if u.kept == nil {
		u.kept = map[link]string{}
	}
	u.kept[e.self] = why
}

// noted returns what keeps an entry from being hashed. It is causes if nothing is noted.
func (e *entry) noted() cause {
	switch {
	case e.is(denied) && e.is(failing):
		return byChanges
	case e.is(denied):
		return byDenial
	case e.is(failing):
		return byFailure
	}
	return causes
}

// forget undoes note.
func (u *unread) forget(e *entry) {
	if of := e.noted(); of != causes {
		u.counts[of]--
		delete(u.kept, e.self)
		e.unset(denied | failing)
	}
}

// listUnread adds what is kept to a list. The caller holds the mutex.
func (s *Folder) listUnread(list []Unshared) []Unshared {
	for self, why := range s.unread.kept {
		e := s.at(self)
		list = append(list, Unshared{
			Path: protocol.Printable(s.entryName(e), mostShownPath), Why: why, Reason: reasons[e.noted()],
		})
	}
	return list
}

// cannotRead warns of a file that cannot be read, once.
func (s *Folder) cannotRead(e *entry, err error) {
	if e.is(unreadable) {
		return
	}
	e.set(unreadable)
	if s.unread.files++; s.unread.files <= mostUnread {
		s.unread.told = s.unread.files
		s.log.Warn("a file cannot be read, and so cannot be had", "name", protocol.Printable(s.entryName(e), 200), "why", disk.Reason(err))
	}
}

// cannotEnter warns of a folder that we may not read, once, and of a bounded number of folders.
func (s *scanner) cannotEnter(folder string, err error) {
	if !errors.Is(err, fs.ErrPermission) || s.shut[folder] || len(s.shut) >= mostUnread {
		return
	}
	s.shut[folder] = true
	s.log.Warn("a folder cannot be read, and so nothing in it can be had", "name", protocol.Printable(folder, 200), "why", disk.Reason(err))
}

// tellUnread logs the number of unreadable files when it has grown beyond the logged ones.
func (s *Folder) tellUnread() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unread.files > s.unread.told {
		s.unread.told = s.unread.files
		s.log.Warn("more files cannot be read, and so cannot be had", "count", s.unread.files)
	}
}

// tooLarge warns of a file that is too large, once.
func (s *scanner) tooLarge(name string, size int64) {
	s.exclude(name, bySize, fmt.Sprintf("%d bytes, more than %d", size, int64(MaxSize)), false)
	if s.shut[name] || len(s.shut) >= mostUnread {
		return
	}
	s.shut[name] = true
	s.log.Warn("a file is too large to be shared", "name", protocol.Printable(name, 200), "bytes", size, "most", int64(MaxSize))
}
