package share

import (
	"errors"
	"io/fs"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// mostUnread bounds the number of unreadable files that the log names; the others are counted.
const mostUnread = 20

// unread counts files that could not be read for hashing. The share's mutex guards it.
type unread struct {
	files int // so far, each once as long as it stays so
	told  int // of them
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
	if s.shut[name] || len(s.shut) >= mostUnread {
		return
	}
	s.shut[name] = true
	s.log.Warn("a file is too large to be shared", "name", protocol.Printable(name, 200), "bytes", size, "most", int64(MaxSize))
}
