package share

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// scanner finds the names in the folder. Its fields belong to its goroutine.
type scanner struct {
	*Folder
	round   uint32
	folders map[string]uint32 // those that are there, with the round that last saw them
	whole   bool              // this walk has seen everything
	unnamed int               // files and folders in it whose names cannot be shared
	example string            // one of them
	warned  bool              // about such names
	shut    map[string]bool   // folders that cannot be entered, which has been told
	due     *time.Timer       // of the next walk
	dueAt   time.Time
	ended   time.Time     // the last walk
	took    time.Duration // by it
	doubt   bool          // folders came and went: the watcher may have lost track of those that came
}

const (
	hintGap    = 20 * time.Millisecond // hints that come together are looked at together
	doubtGap   = time.Second           // from a doubt to a walk
	mostWalks  = 20                    // a walk takes at most one part in so many of the time
	atOnce     = 512                   // names read from a folder in one go
	pruneEvery = 64                    // walks
)

// start starts the scanner and the workers.
func (s *Folder) start() {
	scan := &scanner{Folder: s, folders: map[string]uint32{}, shut: map[string]bool{}}
	s.workers.Go(scan.run)
	s.workers.Go(s.checkDoubts)
	begun := time.Now()
	s.workers.Go(func() { s.logIndexed(begun) })
	for range runtime.GOMAXPROCS(0) {
		s.workers.Go(func() { s.work(true) })
		s.workers.Go(func() {
			beNice()
			s.work(false)
		})
	}
}

// logIndexed logs, once, how many of the files that were there at the start have been hashed.
func (s *Folder) logIndexed(since time.Time) {
	if s.Indexed(s.ctx) != nil {
		return
	}
	took := time.Since(since).Milliseconds()
	if all, known := s.Files(); known < all {
		s.log.Warn("indexed; some files could not be read", "files", known, "took_ms", took, "unread", all-known)
	} else {
		s.log.Info("indexed", "files", known, "took_ms", took)
	}
}

// run walks through the folder from time to time, and follows the hints in between.
func (s *scanner) run() {
	s.due = time.NewTimer(0)
	defer s.due.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.due.C:
			begin := time.Now()
			s.doubt = false // and a folder that this walk finds gone casts it anew
			s.walk()
			s.ended = time.Now()
			s.took, s.dueAt = s.ended.Sub(begin), time.Time{}
			s.walkIn(s.options.Rescan)
			s.clearUp()
		case <-s.hints.arrived:
			if s.pause(s.ctx, hintGap) != nil {
				return
			}
			s.lookAtHints()
		}
	}
}

// walkIn schedules the next walk after a wait, but not later than already scheduled, nor too soon
// after the last one.
func (s *scanner) walkIn(wait time.Duration) {
	at := time.Now().Add(wait)
	if soonest := s.ended.Add(mostWalks * s.took); at.Before(soonest) {
		at = soonest
	}
	if s.dueAt.IsZero() || at.Before(s.dueAt) {
		s.dueAt = at
		s.due.Reset(time.Until(at))
	}
}

// walk looks at every name in the folder.
func (s *scanner) walk() {
	s.round++
	s.whole, s.unnamed = true, 0
	s.enter("")
	if s.ctx.Err() != nil {
		return
	}
	if s.unnamed > 0 && !s.warned {
		s.warned = true
		s.log.Warn("some names in the shared folder break the rule for names, and what they name is not shared",
			"count", s.unnamed, "example", s.example)
	}
	for name, round := range s.folders {
		if round != s.round && s.whole {
			s.leaveFolder(name)
		}
	}
	names := s.sweep()
	s.tellUnread()
	if s.round%pruneEvery == 1 {
		s.index.Prune(names, s.live)
	}
	if !s.isWalked() {
		s.mu.Lock()
		close(s.walked)
		s.checkIndexed()
		s.mu.Unlock()
	}
}

// sweep drops the names that a complete walk has not seen, and returns how many are left.
func (s *scanner) sweep() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.whole {
		for _, e := range s.names {
			if e.round != s.round {
				s.drop(e)
			}
		}
	}
	return len(s.names)
}

// live returns the files that have a name.
func (s *scanner) live() map[index.Inode]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	live := make(map[index.Inode]bool, len(s.names))
	for _, e := range s.names {
		live[e.signature.Inode] = true
	}
	return live
}

// enter looks at every name in a folder and below.
func (s *scanner) enter(folder string) {
	for todo := []string{folder}; len(todo) > 0 && s.ctx.Err() == nil; {
		folder, todo = todo[len(todo)-1], todo[:len(todo)-1]
		s.folders[folder] = s.round
		s.hints.watch(folder) // before it is read: what comes after that is noticed
		todo = append(todo, s.read(folder)...)
	}
}

// read looks at the files in a folder and returns the folders in it.
func (s *scanner) read(folder string) (folders []string) {
	opened, err := s.root.Open(path.Join(".", folder))
	if err != nil {
		s.cannotEnter(folder, err)
		s.unseen(err)
		return nil
	}
	defer opened.Close()
	for {
		list, err := opened.ReadDir(atOnce)
		for _, item := range list {
			name := path.Join(folder, item.Name())
			if !s.isShared(name) {
				continue
			}
			if item.IsDir() {
				folders = append(folders, name)
			} else if info, err := item.Info(); err == nil {
				s.see(name, info)
			}
		}
		if err == io.EOF {
			return folders
		}
		if err != nil {
			s.unseen(err)
			return folders
		}
	}
}

// unseen marks the walk as incomplete because of an error, unless the folder is gone or closed to
// us.
func (s *scanner) unseen(err error) {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR) {
		return
	}
	s.whole = false
	s.log.Debug("cannot look into a folder", "why", err)
}

// isShared reports whether a name may be shared, and counts names that break the name rule.
func (s *scanner) isShared(name string) bool {
	if s.isHidden(name) {
		return false
	}
	if protocol.CheckName(name) != nil {
		s.unnamed++
		s.example = name
		return false
	}
	return true
}

// see observes a name that is no folder. A link stands for the file in the share that it leads to.
// It returns false for anything but a regular file.
func (s *scanner) see(name string, info fs.FileInfo) bool {
	if info.Mode()&fs.ModeSymlink != 0 {
		var err error
		if info, err = s.root.Stat(name); err != nil {
			return false
		}
	}
	sig := index.SignatureOf(name, info)
	if !info.Mode().IsRegular() || s.index.Owns(sig.Inode) {
		return false
	}
	if sig.Size > MaxSize {
		s.tooLarge(name, sig.Size)
		return false
	}
	s.observe(name, sig, s.round)
	return true
}

// look looks at one name, if its folder is known; a walk finds the others.
func (s *scanner) look(name string) {
	if _, there := s.folders[parent(name)]; !there || !s.isShared(name) {
		return
	}
	info, err := s.root.Lstat(name)
	switch {
	case err == nil && info.IsDir():
		if _, known := s.folders[name]; known {
			s.doubt = true
		}
		s.gone(name, false)
		s.enter(name)
	case err == nil && s.see(name, info):
		s.leaveFolder(name)
	case err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		s.gone(name, true)
	}
}

func parent(name string) string {
	at := strings.LastIndexByte(name, '/')
	return name[:max(0, at)]
}

// gone removes a file of that name, and on request a folder.
func (s *scanner) gone(name string, folder bool) {
	s.mu.Lock()
	if e := s.names[name]; e != nil {
		s.drop(e)
	}
	s.mu.Unlock()
	if folder {
		s.leaveFolder(name)
	}
}

// leaveFolder removes a folder that no longer exists, and all names in it.
func (s *scanner) leaveFolder(name string) {
	if _, there := s.folders[name]; !there || name == "" {
		return
	}
	s.doubt = true
	for folder := range s.folders {
		if folder == name || strings.HasPrefix(folder, name+"/") {
			delete(s.folders, folder)
			s.hints.unwatch(folder)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for below, e := range s.names {
		if strings.HasPrefix(below, name+"/") {
			s.drop(e)
		}
	}
}
