package share

import (
	"slices"
	"strings"

	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// tree is what the scanner knows of the folders in the share.
type tree struct {
	folders map[string]*dir
	linked  map[string][]*dir // folders that are reached by links, by their real names
	aliases int               // the number of these
	deaf    map[*dir]struct{} // folders that are not watched
	round   uint32            // reads of folders
}

func newTree() tree {
	return tree{folders: map[string]*dir{}, linked: map[string][]*dir{}, deaf: map[*dir]struct{}{}}
}

// dir is a folder in the share. Names are those of the disk.
type dir struct {
	name  string
	real  string // without links on the way
	above *dir   // nil: it is the top
	below map[*dir]struct{}
	files link            // the first of those that were seen in it
	state index.Signature // before it was last read; none: it may change and keep it
	round uint32          // the read of the folder above that last saw it
	heard bool            // it is watched

	excluded *exclusions // from sharing, of what is in it; nil: nothing is

	number dirNumber
}

// mostAliases bounds the folders that are reached by links, since links can multiply folders.
const mostAliases = 3000

// linked reports whether a link is on the way to the folder.
func (d *dir) linked() bool { return d.name != d.real }

// loops reports whether a folder leads back to one on the way to it.
func (d *dir) loops(real string) bool {
	for ; d != nil; d = d.above {
		if d.real == real {
			return true
		}
	}
	return false
}

// child returns the name of something in a folder.
func child(folder, base string) string {
	if folder == "" {
		return base
	}
	return folder + "/" + base
}

// parent returns the name of the folder that a name is in, and the rest of the name.
func parent(name string) (folder, base string) {
	at := strings.LastIndexByte(name, '/')
	return name[:max(0, at)], name[at+1:]
}

// join adds a folder to the tree, or returns the one that is there.
func (s *scanner) join(above *dir, name, real string) *dir {
	if d := s.folders[name]; d != nil {
		if d.real == real {
			return d
		}
		s.leave(d) // a link that leads elsewhere now
	}
	d := &dir{name: name, real: real, above: above}
	s.folders[name] = d
	s.mu.Lock()
	s.enroll(d)
	s.mu.Unlock()
	if above != nil {
		if above.below == nil {
			above.below = map[*dir]struct{}{}
		}
		above.below[d] = struct{}{}
	}
	if d.linked() {
		s.aliases++
		s.linked[real] = append(s.linked[real], d)
	}
	return d
}

// leaveName removes the folder of that name, if there is one.
func (s *scanner) leaveName(name string) {
	if d := s.folders[name]; d != nil && d.above != nil {
		s.leave(d)
	}
}

// leave removes a folder that no longer exists from the tree, all folders and names in it, and those
// that are linked to them.
func (s *scanner) leave(d *dir) {
	s.doubt = true
	for todo := []*dir{d}; len(todo) > 0; {
		d, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if s.folders[d.name] != d {
			continue // it has been left already
		}
		for below := range d.below {
			todo = append(todo, below)
		}
		todo = append(todo, s.detach(d)...)
		s.mu.Lock()
		for d.files != 0 {
			s.drop(s.at(d.files))
		}
		s.expel(d)
		s.mu.Unlock()
		s.excluded.drop(d)
	}
	s.tellFolders()
}

// detach takes a single folder off the tree, and returns those that are linked to it.
func (s *scanner) detach(d *dir) (aliases []*dir) {
	delete(s.folders, d.name)
	if d.above != nil {
		delete(d.above.below, d)
	}
	delete(s.deaf, d)
	if d.linked() {
		s.aliases--
		rest := slices.DeleteFunc(s.linked[d.real], func(other *dir) bool { return other == d })
		if s.linked[d.real] = rest; len(rest) == 0 {
			delete(s.linked, d.real)
		}
	} else {
		aliases = slices.Clone(s.linked[d.real])
	}
	if s.folders[d.real] == nil && len(s.linked[d.real]) == 0 {
		s.hints.unwatch(d.real)
	}
	return aliases
}

// attend has the system report changes in a folder, unless that is too much for it.
func (s *scanner) attend(d *dir) {
	if d.heard = s.hints.watch(d.real, d.heard); d.heard {
		delete(s.deaf, d)
	} else {
		s.deaf[d] = struct{}{}
	}
}
