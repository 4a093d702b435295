package share

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// ground is the folder that a share's path leads to. Another folder may take its place: a disk is
// mounted there, a link is switched, the folder is made anew. An open ground keeps its inode from
// being given to another one. The zero ground is that of a path that leads nowhere.
type ground struct {
	root    *os.Root
	beneath beneath     // into it
	info    fs.FileInfo // of the root
	real    string      // its path without links
	file    string      // the only file in it that is shared; none: all are
}

// errElsewhere and errMoved stand for two answers to where a path leads.
var (
	errElsewhere = errors.New("disk: out of the shared folder")
	errMoved     = errors.New("disk: another folder is there")
)

// openGround opens the share's folder, or the one that its single file is in.
func (s *Folder) openGround() error {
	info, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		name, why := compose(cmp.Or(s.options.Name, filepath.Base(s.path)))
		if why != "" {
			return &fs.PathError{Op: "share", Path: s.path, Err: errors.New("not a name that can be shared: " + why)}
		}
		s.only = name
	}
	g, err := openGround(s.path, s.only != "")
	if err == nil {
		s.ground.Store(g)
	}
	return err
}

// openGround opens the folder that a path leads to, or the one of the single file that it leads to.
func openGround(at string, single bool) (g *ground, err error) {
	g = &ground{}
	if g.real, g.file, err = resolve(at, single); err != nil {
		return nil, err
	}
	if g.root, err = disk.OpenFolder(g.real); err != nil {
		return nil, err
	}
	if g.info, err = g.root.Stat("."); err != nil {
		g.root.Close()
		return nil, err
	}
	g.beneath = newBeneath(g.root)
	return g, nil
}

// resolve returns the folder that a path leads to; of a single file its folder, and its name there.
func resolve(at string, single bool) (folder, file string, err error) {
	if folder, err = filepath.EvalSymlinks(at); err == nil && single {
		folder, file = filepath.Dir(folder), filepath.Base(folder)
	}
	return folder, file, err
}

// isAt returns nil if a path leads to the ground, errMoved if it leads elsewhere, and otherwise why
// it leads nowhere.
func (g *ground) isAt(at string, single bool) error {
	folder, file, err := resolve(at, single)
	if err != nil {
		return err
	}
	info, err := os.Stat(folder)
	switch {
	case err != nil:
		return err
	case g.root == nil || file != g.file || !os.SameFile(info, g.info):
		return errMoved
	}
	return nil
}

func (g *ground) close() error {
	if g.root == nil {
		return nil
	}
	return errors.Join(g.beneath.close(), g.root.Close())
}

// open opens a file by its name on the disk. A link may go any way, as long as it ends in the
// ground.
func (g *ground) open(name string) (*os.File, error) {
	if g.root == nil {
		return nil, fs.ErrNotExist
	}
	opened, err := g.beneath.open(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, os.ErrClosed) {
		return opened, err
	}
	if real, elsewhere := g.within(name); elsewhere == nil && real != name {
		return g.beneath.open(real)
	}
	return nil, err
}

// openFolder opens a folder to be read, and returns its state: none, if a change could leave it as it
// is.
func (g *ground) openFolder(name string) (opened *os.File, state index.Signature, err error) {
	if g.root == nil {
		return nil, state, fs.ErrNotExist
	}
	if opened, err = g.root.Open(path.Join(".", name)); err != nil {
		return nil, state, err
	}
	if info, err := opened.Stat(); err == nil {
		state = index.SignatureOf(name, info)
	}
	if state.RacyFor(time.Now()) > 0 {
		state = index.Signature{}
	}
	return opened, state, nil
}

// state returns the state of a folder by its name without links.
func (g *ground) state(name string) (index.Signature, error) {
	info, err := os.Lstat(filepath.Join(g.real, filepath.FromSlash(name)))
	if err != nil {
		return index.Signature{}, err
	}
	return index.SignatureOf(name, info), nil
}

// lstat returns what is under a name on the disk.
func (g *ground) lstat(name string) (fs.FileInfo, error) {
	if g.root == nil {
		return nil, fs.ErrNotExist
	}
	return g.root.Lstat(path.Join(".", name))
}

// within follows all links on the way to a name, and returns the name of where that ends, which must
// be in the ground.
func (g *ground) within(name string) (real string, err error) {
	full, err := filepath.EvalSymlinks(filepath.Join(g.real, filepath.FromSlash(name)))
	if err != nil || full == g.real {
		return "", err
	}
	below := strings.TrimSuffix(g.real, string(filepath.Separator)) + string(filepath.Separator)
	real, inside := strings.CutPrefix(full, below)
	if !inside {
		return "", errElsewhere
	}
	return filepath.ToSlash(real), nil
}

// checkGround opens the share's folder anew when its path leads to another one, and gives it up when
// the path leads nowhere. It returns true if so; then a walk is due.
func (s *scanner) checkGround() (moved bool) {
	old := s.ground.Load()
	err := old.isAt(s.path, s.only != "")
	if err == nil || old.root == nil && err != errMoved || isFailure(err) {
		return false
	}
	g := &ground{}
	if err == errMoved {
		if g, err = openGround(s.path, s.only != ""); isFailure(err) {
			return false
		}
	}
	shown := protocol.Printable(s.path, 200)
	switch {
	case err != nil && old.root == nil:
		return false
	case err != nil:
		g = &ground{}
		s.log.Warn("the shared folder is gone; nothing in it can be had until it is back", "folder", shown, "why", disk.Reason(err))
	case old.root == nil:
		s.log.Info("the shared folder is back", "folder", shown)
	default:
		s.log.Warn("another folder is in the place of the shared one, and is shared from now on", "folder", shown)
	}
	if top := s.folders[""]; top != nil {
		s.leave(top)
	}
	s.ground.Store(g)
	s.hints.move(g.real)
	clear(s.shut)
	if err := old.close(); err != nil {
		s.log.Debug("closing the folder that was shared", "why", err)
	}
	return true
}
