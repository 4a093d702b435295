// Package share serves the files of a [Folder]. Names from the network reach the file system only
// through [os.Root].
//
// A folder's files are found by their content. Walks and hints from the system find new files,
// workers hash them in the background, requested files first, and an index keeps the hashes. A hash
// is valid as long as the file's signature is unchanged; the signature is compared when the file is
// opened, and while it is sent.
package share

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// Folder is a folder whose regular files are served under their slash-separated relative names, and
// by their content. It is safe for concurrent use.
type Folder struct {
	path     string // absolute
	only     string // it is the path of a single file, which is shared under this name
	ground   atomic.Pointer[ground]
	options  Options
	log      hclog.Logger
	index    *index.DB
	hints    *hints
	excluded excluded
	scans    scans

	ctx     context.Context // until Close
	cancel  context.CancelFunc
	workers sync.WaitGroup
	closing sync.Once
	failed  error // by Close

	hashed  atomic.Uint64 // groups, since the start
	walked  chan struct{} // closed after the first walk
	indexed chan struct{} // closed when what was there then has been hashed

	mu sync.Mutex
	entries
	known      int          // entries that are
	knownBytes uint64       // of their files
	waiting    int          // entries that indexed waits for
	opaque     int          // entries that are told as such
	extent     roles.Extent // that followers were told last
	open       bool         // names are told before their content is known
	unread     unread
	prefixes   []*prefix     // of files that are appended to all the time; the latest come last
	lent       []index.Inode // files that clients got, the latest come last
	doubts     doubts
	outdated   outdated
	followers
	queue
}

// Options are how a folder is shared. The zero value is of use.
type Options struct {
	Hidden bool          // share names with a component that starts with a dot as well
	Index  string        // the file that keeps the hashes between runs: see [index.DefaultPath]; none: memory
	Rescan time.Duration // between two walks through the folder, which find unnoticed changes; 0: a minute
	Name   string        // of a single file; none: the last component of its path
	Log    hclog.Logger  // may be nil

	// Of tests: they are called when a part of a file has been read to be hashed, in place of having a
	// folder watched, and before the disk is asked, which fails with the error.
	onRead  func()
	onWatch func() error
	onAsk   func(what, name string) error
}

// ask is called before the disk is asked: to open or read a file, to enter a folder, to look at a name.
func (o *Options) ask(what, name string) error {
	if o.onAsk == nil {
		return nil
	}
	return o.onAsk(what, name)
}

func (o *Options) read() {
	if o.onRead != nil {
		o.onRead()
	}
}

const defaultRescan = time.Minute

// Open opens a folder for sharing, or a single file. Files are served from then on; they are hashed in the background. When another folder takes
// the place of this one under its path, the share notices within seconds, and serves that one.
func Open(folder string, options Options) (*Folder, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	s := &Folder{
		path: absolute, options: options, log: options.Log,
		walked: make(chan struct{}), indexed: make(chan struct{}),
		entries: newEntries(), followers: followers{}, doubts: newDoubts(),
	}
	if s.log == nil {
		s.log = hclog.NewNullLogger()
	}
	if s.options.Rescan <= 0 {
		s.options.Rescan = defaultRescan
	}
	if err := s.openGround(); err != nil {
		return nil, err
	}
	s.index = index.Open(options.Index, s.log)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.hints = newHints(s.ground.Load().real, s.log, options.onWatch, s.fallBehind)
	s.queue.open(&s.mu)
	s.start()
	return s, nil
}

// Close ends the work in the background and releases the folder. Open files stay open, but their
// trees are gone. Closing again does nothing.
func (s *Folder) Close() error {
	s.closing.Do(s.close)
	return s.failed
}

func (s *Folder) close() {
	s.cancel()
	s.mu.Lock()
	s.queue.close()
	if s.outdated.timer != nil {
		s.outdated.timer.Stop()
	}
	s.mu.Unlock()
	s.hints.close()
	if !s.awaitWorkers() {
		s.failed = errors.Join(errHangs, s.index.Close())
		return
	}
	for _, j := range s.jobs {
		if j.file != nil {
			j.file.Close()
		}
	}
	s.failed = errors.Join(s.index.Close(), s.ground.Load().close())
}

// closeWait bounds the wait for a disk that hangs.
const closeWait = time.Second

var errHangs = errors.New("disk: the share could not be closed: its disk does not answer")

// awaitWorkers waits until nothing reads the folder any more, unless that takes too long.
func (s *Folder) awaitWorkers() bool {
	over := make(chan struct{})
	go func() {
		s.workers.Wait()
		close(over)
	}()
	patience := time.NewTimer(closeWait)
	defer patience.Stop()
	select {
	case <-over:
		return true
	case <-patience.C:
		return false
	}
}

// Indexed waits until every file that was there at the start has been hashed, or could not be, or
// ctx is done.
func (s *Folder) Indexed(ctx context.Context) error {
	select {
	case <-s.indexed:
		return nil
	case <-s.ctx.Done():
		return os.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Files returns the number of shared files, and of those whose content is known.
func (s *Folder) Files() (all, known int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count, s.known
}
