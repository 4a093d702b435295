// Package store writes fetched files: a [Part] is one file, a [Batch] many small ones, which lie
// beside their places until they are whole; a [Stream] is printed as it comes. Names from the
// network reach the file system only through [os.Root].
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// Part is a [transport.Store] for one file. The verified groups lie beside the file's place, with a
// journal, until Commit puts the whole file there. When a process ends before, in whatever way, the
// next Part for the same place goes on with its groups. A Part ignores item numbers.
type Part struct {
	root    *os.Root
	name    string
	options Options

	mu      sync.Mutex
	journal *journal // open and locked; nil: not yet, or not any more
	hash    protocol.Hash
	size    uint64
	slots   *slots // nil: not open, or all is in its place
	placed  bool   // the file in the place is the content
}

// NewPart returns a Part for the file with that slash-separated name relative to root. Open makes
// the sub-folders. The caller keeps the root and closes it.
func NewPart(root *os.Root, name string) *Part { return &Part{root: root, name: name} }

// Learn is called with the content that a Commit has put under a name, the values of its chunk
// groups, and the file's modification time, in nanoseconds since 1970.
type Learn func(name string, hash protocol.Hash, values []protocol.Hash, modified int64)

// Options are how files are put in their places. The zero value is of use.
type Options struct {
	// Learn is called for each file that a Part has put in its place, unless it is nil. Commit takes
	// a moment longer then, so that any later change of the file changes its modification time, too.
	// It is not called for a file that was in place before.
	Learn Learn
	// NoReplace has nothing replaced: a name under which anything lies is not written to.
	NoReplace bool
	// NoTimes leaves each file the time of its fetch.
	NoTimes bool
}

// heed returns the attributes that files get.
func (o Options) heed(about protocol.Attributes) protocol.Attributes {
	if o.NoTimes {
		about.Modified = 0
	}
	return about
}

// Use sets the options. It must come before Open.
func (p *Part) Use(options Options) { p.options = options }

// Holds implements [transport.Store]. It changes nothing. A journal that is damaged, or closed to
// us, claims nothing.
func (p *Part) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	name := disk.Beside(p.name, disk.JournalSuffix)
	if there, err := p.root.Lstat(name); err != nil || !there.Mode().IsRegular() {
		return hash, 0, nil
	}
	file, err := p.openSome(name, "open the journal")
	if file == nil {
		return hash, 0, p.wrap(err)
	}
	j := &journal{root: p.root, file: file}
	defer j.close()
	if hash, size, some, err := j.of(); err != nil || some && j.claimsAny() {
		return hash, size, p.wrap(err)
	}
	return hash, 0, nil
}

// Open implements [transport.Store]. It fails where something other than a regular file is in the
// place, and while another process fetches to it. If the file in the place is the content already,
// nothing is left to fetch. Opening for another content drops the groups of the one before.
func (p *Part) Open(ctx context.Context, want roles.OpenStore, checking func(done, size uint64)) (roles.Groups, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	has, other, err := p.open(ctx, want, checking)
	return has, other, p.wrap(err)
}

// openSome opens a file that we can do without: nil stands for one that is not there or is closed to
// us. Any other error says that the disk did not tell.
func (p *Part) openSome(name, what string) (file *os.File, err error) {
	if err = before(what); err == nil {
		file, err = p.root.Open(name)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	return file, err
}

func (p *Part) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", filepath.Join(p.root.Name(), filepath.FromSlash(p.name)), disk.Reason(err))
}

func (p *Part) open(ctx context.Context, want roles.OpenStore, checking func(done, size uint64)) (has roles.Groups, other bool, err error) {
	there, err := p.take()
	if err != nil {
		return nil, false, err
	}
	hash, size, known, err := p.journal.of()
	if err != nil {
		return nil, false, err
	}
	same := known && hash == want.Hash && size == want.Size
	if same && p.slots != nil {
		return p.slots.has(), false, nil
	}
	other = known && !same && p.journal.claimsAny()
	p.drop()
	p.hash, p.size = want.Hash, want.Size
	if there != nil && p.options.NoReplace {
		has, err = p.kept(ctx, there, checking)
		return has, other, err
	}
	if same {
		has, err = p.goOn(ctx, checking)
	}
	if err != nil || p.slots != nil {
		return has, other, err
	}
	if there != nil && uint64(there.Size()) == want.Size {
		has, err = p.compare(ctx, checking)
	}
	if err == nil && !p.placed {
		err = p.begin(there)
	}
	return has, other, err
}

// take makes the place ready, locks it against other processes, and returns the file that is there,
// or nil.
func (p *Part) take() (there fs.FileInfo, err error) {
	if disk.Unfinished(p.name) {
		return nil, errors.New("no file may have such a name")
	}
	if err := attempt("make the folders", func() error { return p.root.MkdirAll(path.Dir(p.name), 0o777) }); err != nil {
		return nil, err
	}
	if there, err = p.root.Stat(p.name); err == nil && !there.Mode().IsRegular() {
		return nil, errors.New("it is there, and is not a regular file")
	} else if err != nil {
		there = nil
		if _, err := p.root.Lstat(p.name); err == nil && p.options.NoReplace { // a link that leads nowhere
			return nil, ErrTaken
		}
	}
	if p.journal == nil {
		p.journal, err = openJournal(p.root, disk.Beside(p.name, disk.JournalSuffix))
		return there, err
	}
	return there, nil
}

func (p *Part) partName() string { return disk.Beside(p.name, disk.PartSuffix) }

// openPart opens the part file of an earlier try.
func (p *Part) openPart() (*os.File, error) {
	if there, err := p.root.Lstat(p.partName()); err != nil || !there.Mode().IsRegular() {
		return nil, errors.Join(fs.ErrNotExist, err)
	}
	return obtain("open the part", func() (*os.File, error) { return p.root.OpenFile(p.partName(), os.O_RDWR, 0) })
}

// goOn opens the part file of an earlier try and returns its verified groups, if there are any.
func (p *Part) goOn(ctx context.Context, checking func(done, size uint64)) (roles.Groups, error) {
	file, err := p.openPart()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	has, err := p.verify(ctx, file, checking)
	if err != nil || has.Count() == 0 {
		return nil, errors.Join(err, file.Close())
	}
	info, err := obtain("look at the part that was left", file.Stat)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	p.slots = p.newSlots(file)
	p.slots.have, p.slots.stale, p.slots.end = slices.Clone(has), info.Size(), info.Size()
	return has, nil
}

// verify hashes the groups that the journal claims.
func (p *Part) verify(ctx context.Context, file *os.File, checking func(done, size uint64)) (has roles.Groups, err error) {
	values, err := p.journal.claims(protocol.Groups(p.size))
	if err != nil {
		return nil, err
	}
	claimed := func(number uint64) bool { return !values[number].IsZero() }
	all, done := uint64(0), uint64(0)
	for number := range uint64(len(values)) {
		if claimed(number) {
			all++
		}
	}
	_, err = hashGroups(ctx, file, p.size, uint64(len(values)), claimed, func(number uint64, value protocol.Hash) {
		if value == values[number] {
			has.Add(number)
		}
		done++
		checking(done*protocol.GroupSize, all*protocol.GroupSize)
	})
	return has, err
}

// compare returns all groups if the file in the place is the content already.
func (p *Part) compare(ctx context.Context, checking func(done, size uint64)) (has roles.Groups, err error) {
	file, err := p.openSome(p.name, "open the file that is there")
	if file == nil {
		return nil, err // a file that is closed to us can be replaced all the same
	}
	defer file.Close()
	var values []protocol.Hash // by what has been read: the file may be a hole of any size
	all := func(uint64) bool { return true }
	unread, err := hashGroups(ctx, file, p.size, protocol.Groups(p.size), all, func(number uint64, value protocol.Hash) {
		for uint64(len(values)) <= number {
			values = append(values, protocol.Hash{})
		}
		values[number] = value
		has.Add(number)
		checking(min(has.Count()*protocol.GroupSize, p.size), p.size)
	})
	if err == nil && p.options.NoReplace { // else it is replaced
		err = unread
	}
	if err != nil || uint64(len(values)) < protocol.Groups(p.size) || !proves(values, p.hash) {
		return nil, err
	}
	p.placed = true
	return has, p.removePart()
}

// kept returns all groups if the file in the place, which may not be replaced, is the content
// already. Otherwise the part of an earlier try is of no use.
func (p *Part) kept(ctx context.Context, there fs.FileInfo, checking func(done, size uint64)) (has roles.Groups, err error) {
	if uint64(there.Size()) == p.size {
		has, err = p.compare(ctx, checking)
	}
	if err == nil && !p.placed {
		err = errors.Join(ErrTaken, p.discard())
	}
	return has, err
}

// begin makes a new part file. It never reuses an earlier one, which a late link may still write
// to.
func (p *Part) begin(there fs.FileInfo) error {
	if err := p.journal.begin(p.hash, p.size); err != nil {
		return err
	}
	if err := p.removePart(); err != nil {
		return err
	}
	file, err := obtain("make the part", func() (*os.File, error) {
		return p.root.OpenFile(p.partName(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	})
	if err != nil {
		return err
	}
	if there != nil { // who may read the file does not change with its content
		if err := attempt("keep its mode", func() error { return file.Chmod(there.Mode().Perm()) }); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	p.slots = p.newSlots(file)
	return nil
}

// Receive implements [transport.Store].
func (p *Part) Receive(int, uint64, protocol.Attributes) (transport.Sink, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slots == nil {
		return nil, p.wrap(errors.New("nothing is awaited"))
	}
	slots := p.slots
	return func(number uint64, value protocol.Hash, data []byte) error {
		return p.wrap(slots.put(number, value, data))
	}, nil
}

// wanted returns the content that the Part was last opened for.
func (p *Part) wanted() roles.OpenStore {
	p.mu.Lock()
	defer p.mu.Unlock()
	return roles.OpenStore{Name: p.name, Hash: p.hash, Size: p.size}
}
