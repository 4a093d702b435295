package share_test

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// failing is a disk of which one operation fails as long as it is to.
type failing struct {
	mu      sync.Mutex
	changed *sync.Cond
	what    string // none: nothing fails
	err     error
	walks   int // that have begun
}

func newFailing() *failing {
	f := &failing{}
	f.changed = sync.NewCond(&f.mu)
	return f
}

func (f *failing) ask(what, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if what == "enter" && name == "" {
		f.walks++
		f.changed.Broadcast()
	}
	if what == f.what {
		return f.err
	}
	return nil
}

// fail has an operation fail from now on, and waits until a whole walk has met that.
func (f *failing) fail(what string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.what, f.err = what, err
	for until := f.walks + 3; f.walks < until; {
		f.changed.Wait()
	}
}

// A disk that fails tells nothing of what is there: no name is taken back, nothing is said to be
// missing, and once the disk answers all is as it was.
func TestEachOperationOfAShareMayFail(t *testing.T) {
	t.Parallel()
	all := map[string]string{"plain": "plain", "sub/deep": "deep", "link": "plain"}
	for _, what := range []string{"open", "read", "enter", "look", "follow"} {
		for _, err := range []error{syscall.EIO, syscall.EMFILE, syscall.ENOMEM} {
			t.Run(what+" "+err.Error(), func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				disktest.Lay(t, filepath.Join(folder, "plain"), "plain")
				disktest.Lay(t, filepath.Join(folder, "sub/deep"), "deep")
				if err := os.Symlink("plain", filepath.Join(folder, "link")); err != nil {
					t.Fatal(err)
				}
				told, f := newNews(), newFailing()
				share := openFollowed(t, folder, options{Rescan: time.Millisecond}.OnAsk(f.ask), told)
				awaitIndexed(t, share)
				told.are(t, all)
				f.fail(what, err)
				told.are(t, all)
				for name, text := range all {
					for _, asked := range []string{name, ""} {
						_, refusal := open(t, share, asked, hashOf(text))
						if what == "open" && (refusal == nil || refusal.Code != protocol.Internal) || what != "open" && refusal != nil {
							t.Errorf("%q with the content of %s: %v", asked, name, refusal)
						}
					}
				}
				disktest.Lay(t, filepath.Join(folder, "new"), "new")
				if _, refusal := open(t, share, "new", protocol.Hash{}); (what == "open" || what == "read") && (refusal == nil || refusal.Code != protocol.Internal) {
					t.Errorf("a new file: %v", refusal)
				}
				f.fail("", nil)
				told.are(t, map[string]string{"plain": "plain", "sub/deep": "deep", "link": "plain", "new": "new"})
				for _, name := range []string{"plain", "sub/deep", "link", "new"} {
					serves(t, share, name)
				}
			})
		}
	}
}
