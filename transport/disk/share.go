// Package disk is where files lie: a [Share] is a folder that a node serves; a [Part], a [Batch] and a [Stream] are
// where fetched files grow until they are whole. Names from the network reach the file system here only, through
// [os.Root].
//
// A share knows its files by their content. It walks the folder, hashes what is new in the background, requested files
// first, and keeps what it has learned in an index on disk. Whatever it has learned holds for a file as long as the
// system says that the file has not changed; that is looked at whenever the file is opened, and while it is sent.
package disk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
)

// Share is a folder whose regular files are served under their slash-separated relative names, and by their content.
// It is safe for concurrent use.
type Share struct {
	root    *os.Root
	door    door   // into it
	folder  string // absolute: what the watcher calls it
	options ShareOptions
	log     hclog.Logger
	index   *index
	hints   *hints

	ctx     context.Context // until Close
	cancel  context.CancelFunc
	workers sync.WaitGroup
	closing sync.Once
	failed  error // by Close

	hashed  atomic.Uint64 // groups, since the start
	walked  chan struct{} // closed after the first walk
	settled chan struct{} // closed when what was there then has been hashed

	mu       sync.Mutex
	names    map[string]*entry
	contents map[uint64]*entry // the first of those that are known to have one
	known    int               // entries that are
	waiting  int               // entries that settled waits for
	followers
	unread unread
	queue
}

// ShareOptions are how a folder is shared. The zero value is of use.
type ShareOptions struct {
	Hidden bool          // share names with a component that starts with a dot as well
	Index  string        // the file that keeps the hashes between runs, as of [DefaultIndex]; none: they are kept in memory
	Rescan time.Duration // between two walks through the folder, which find what went unnoticed; 0: a minute
	Log    hclog.Logger  // may be nil
	// OnChange is called when it is known what a name's content is now, or, with the zero hash, that it is shared no
	// longer. It is called for one change at a time, in their order, and must not call the share.
	OnChange func(name string, size uint64, hash protocol.Hash)
}

const defaultRescan = time.Minute

// DefaultIndex returns where the index of a folder is by default: a file of its own among the user's caches.
func DefaultIndex(folder string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(folder))
	return filepath.Join(caches, "relaypeer", hex.EncodeToString(digest[:16])+".db"), nil
}

// OpenShare opens a folder for sharing. Files are served from then on; what they are is found out in the background.
func OpenShare(folder string, options ShareOptions) (*Share, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(absolute)
	if err != nil {
		return nil, err
	}
	s := &Share{
		root: root, door: newDoor(root), folder: absolute, options: options, log: options.Log,
		walked: make(chan struct{}), settled: make(chan struct{}),
		names: map[string]*entry{}, contents: map[uint64]*entry{}, followers: followers{},
	}
	if s.log == nil {
		s.log = hclog.NewNullLogger()
	}
	if s.options.Rescan <= 0 {
		s.options.Rescan = defaultRescan
	}
	s.index = openIndex(options.Index, s.log)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.hints = newHints(absolute, s.log)
	s.queue.open(&s.mu)
	s.start()
	return s, nil
}

// Close ends what goes on in the background and releases the folder. Files that are open stay so, but their trees are
// not to be had any more. Closing again does nothing.
func (s *Share) Close() error {
	s.closing.Do(s.close)
	return s.failed
}

func (s *Share) close() {
	s.cancel()
	s.mu.Lock()
	s.queue.close()
	s.mu.Unlock()
	s.hints.close()
	s.workers.Wait()
	for _, j := range s.jobs {
		if j.file != nil {
			j.file.Close()
		}
	}
	s.failed = errors.Join(s.index.close(), s.door.close(), s.root.Close())
}

// Settled waits until every file that was there at the start has been hashed, or could not be, or ctx is done.
func (s *Share) Settled(ctx context.Context) error {
	select {
	case <-s.settled:
		return nil
	case <-s.ctx.Done():
		return os.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Files returns how many files are shared, and of how many of them the content is known.
func (s *Share) Files() (all, known int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.names), s.known
}
