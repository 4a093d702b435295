package share

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"syscall"

	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// enter looks at every name in a folder and below.
func (s *scanner) enter(d *dir) {
	for todo := []*dir{d}; len(todo) > 0 && s.ctx.Err() == nil; {
		d, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if s.folders[d.name] == d {
			s.attend(d) // before it is read: what comes after that is noticed
			todo = append(todo, s.read(d)...)
		}
	}
}

// read looks at the files in a folder and returns the folders in it. It drops names that are gone.
func (s *scanner) read(d *dir) (below []*dir) {
	s.round++
	g := s.ground.Load()
	if g.file != "" {
		s.lookAt(d, g.file)
		s.sweep(d)
		return nil
	}
	s.found = &exclusions{}
	defer func() {
		s.excluded.replace(d, s.found)
		s.found = nil
		s.tellFolders()
	}()
	opened, state, err := g.openFolder(d.real)
	if failed := s.options.ask("enter", d.name); failed != nil && err == nil {
		opened.Close()
		err = failed
	}
	if err != nil {
		s.cutShort(err)
		s.cannotEnter(d.real, err)
		if s.isGone(err) {
			s.sweep(d)
		}
		return nil
	}
	defer opened.Close()
	d.state = state
	s.blind = false
	for {
		list, err := opened.ReadDir(atOnce)
		for _, item := range list {
			if folder, _ := s.meet(d, item); folder != nil {
				below = append(below, folder)
			}
		}
		if (err == io.EOF || err != nil && s.isGone(err)) && !s.blind {
			s.sweep(d)
		}
		if err != nil {
			s.cutShort(err)
			return below
		}
	}
}

// isGone reports whether an error means that a folder is gone, or closed to us. Nothing is known
// after another.
func (s *scanner) isGone(err error) bool {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR) {
		return true
	}
	s.log.Debug("cannot look into a folder", "why", err)
	return false
}

// sweep drops what the latest read of a folder has not seen.
func (s *scanner) sweep(d *dir) {
	for below := range d.below {
		if below.round != s.round {
			s.leave(below)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.at(d.files); e != nil; {
		next := s.at(e.next)
		if e.round != s.round {
			s.drop(e)
		}
		e = next
	}
}

// meet looks at something in a folder. A link stands for what it leads to in the share. It returns a
// folder that is to be entered, or whether it is a file.
func (s *scanner) meet(d *dir, item fs.DirEntry) (folder *dir, isFile bool) {
	name, real := child(d.name, item.Name()), child(d.real, item.Name())
	if s.isHidden(name) {
		s.exclude(name, byHidden, whyHidden(name), item.IsDir())
		return nil, false
	}
	if item.IsDir() {
		return s.meetFolder(d, name, real), false
	}
	info, err := item.Info()
	if failed := s.options.ask("look", name); failed != nil {
		err = failed
	}
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if info, real = s.follow(d, name, real); info != nil && info.IsDir() {
			return s.meetFolder(d, name, real), false
		}
	}
	s.blind = s.blind || isFailure(err)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.exclude(name, causeOfError(err), disk.Reason(err).Error(), false)
	}
	if err != nil || info == nil || !s.isFile(name, info) {
		return nil, false
	}
	sig := index.SignatureOf(real, info)
	if s.index.Owns(sig.Inode) {
		s.exclude(name, byOwner, "the index of what is shared", false)
		return nil, false
	}
	if sig.Size > MaxSize {
		s.tooLarge(name, sig.Size)
		return nil, false
	}
	shared, why := s.nameOf(d, name)
	if why != "" {
		s.pass(name, causeOf(name, why), why)
		return nil, false
	}
	e := s.observe(d, shared, sig)
	if e == nil {
		s.pass(name, byLimit, "beyond as many files as can be shared")
		return nil, false
	}
	e.round = s.round
	s.mu.Lock()
	s.place(d, e)
	s.mu.Unlock()
	return nil, true
}

func (s *scanner) meetFolder(d *dir, name, real string) *dir {
	if _, why := compose(name); why != "" {
		s.exclude(name, causeOf(name, why), why, true)
		s.tellPassed(name, why)
		return nil
	}
	folder := s.join(d, name, real)
	folder.round = s.round
	return folder
}

// isFile reports whether a thing is a regular file.
func (s *scanner) isFile(name string, info fs.FileInfo) bool {
	switch info.Mode().Type() {
	case 0:
		return true
	case fs.ModeNamedPipe:
		s.pass(name, byKind, "a named pipe")
	case fs.ModeSocket:
		s.pass(name, byKind, "a socket")
	default:
		s.pass(name, byKind, "a device")
	}
	return false
}

// look looks at one name, and at the same place under all links that lead there. Where its folder is
// not known, a walk will find it.
func (s *scanner) look(name string) {
	folder, base := parent(name)
	if d := s.folders[folder]; d != nil {
		s.lookAt(d, base)
	}
	for _, d := range slices.Clone(s.linked[folder]) {
		if s.folders[d.name] == d {
			s.lookAt(d, base)
		}
	}
}

// lookAt looks at one name in a folder.
func (s *scanner) lookAt(d *dir, base string) {
	name, g := child(d.name, base), s.ground.Load()
	if g.file != "" && name != g.file {
		return
	}
	info, err := g.lstat(child(d.real, base))
	s.blind = false
	s.excluded.set(d, base, nil)
	s.lookedAt = d
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			s.gone(d, name)
			s.leaveName(name)
		}
		return
	}
	_, known := s.folders[name]
	folder, isFile := s.meet(d, fs.FileInfoToDirEntry(info))
	if folder != nil {
		s.doubt = s.doubt || known
		s.gone(d, name)
		s.enter(folder)
		return
	}
	if s.blind {
		return
	}
	if !isFile {
		s.gone(d, name)
	}
	s.leaveName(name)
}

// gone removes a file of that name.
func (s *scanner) gone(d *dir, name string) {
	shared, _ := s.compose(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.named(shared); e != nil && e.in == d.number {
		s.drop(e)
		s.doubt = s.doubt || decompose(shared) != shared // it may be there in the other form
	}
}
