package share

import (
	"errors"
	"io/fs"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// mostUnread is how many files that cannot be read the log names; of more it says how many.
const mostUnread = 20

// unread counts files that could not be read when they were to be hashed. It is guarded by the share's mutex.
type unread struct {
	files int // so far, each once as long as it stays so
	told  int // of them
}

// cannotRead warns of a file that cannot be read, once.
func (s *Folder) cannotRead(e *entry, err error) {
	if e.unread {
		return
	}
	e.unread = true
	if s.unread.files++; s.unread.files <= mostUnread {
		s.unread.told = s.unread.files
		s.log.Warn("a file cannot be read, and so cannot be had", "name", protocol.Printable(e.name, 200), "why", disk.Reason(err))
	}
}

// cannotEnter warns of a folder that is not for us, once, and of so many folders as of files.
func (s *scanner) cannotEnter(folder string, err error) {
	if !errors.Is(err, fs.ErrPermission) || s.shut[folder] || len(s.shut) >= mostUnread {
		return
	}
	s.shut[folder] = true
	s.log.Warn("a folder cannot be read, and so nothing in it can be had", "name", protocol.Printable(folder, 200), "why", disk.Reason(err))
}

// tellUnread says how many files cannot be read, if there are more of them than it or the log has said.
func (s *Folder) tellUnread() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unread.files > s.unread.told {
		s.unread.told = s.unread.files
		s.log.Warn("more files cannot be read, and so cannot be had", "count", s.unread.files)
	}
}
