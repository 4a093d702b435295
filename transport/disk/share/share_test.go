package share_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// news is what a share has told of its names.
type news struct {
	mu      sync.Mutex
	changed *sync.Cond
	names   map[string]protocol.Hash
	marks   map[string]protocol.Mark
	dates   map[string]uint64
	extent  roles.Extent
	lines   int
}

func newNews() *news {
	n := &news{names: map[string]protocol.Hash{}, marks: map[string]protocol.Mark{}, dates: map[string]uint64{}}
	n.changed = sync.NewCond(&n.mu)
	return n
}

func (n *news) tell(e protocol.Entry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines++
	if n.names[e.Name] = e.Hash; e.Hash.IsZero() {
		delete(n.names, e.Name)
	}
	if n.marks[e.Name] = e.Mark; e.Mark == 0 {
		delete(n.marks, e.Name)
	}
	if n.dates[e.Name] = e.Modified; e.Removes() {
		delete(n.dates, e.Name)
	}
	n.changed.Broadcast()
}

func (n *news) extend(to roles.Extent) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.extent = to
	n.changed.Broadcast()
}

// marked waits until a name is told with a mark, and the extent is whole.
func (n *news) marked(t *testing.T, name string, mark protocol.Mark) {
	t.Helper()
	if n.await(func() bool { return n.marks[name] == mark && n.extent == roles.ExtentWhole }) {
		t.Fatalf("%s has the mark %v; the extent is %v", name, n.marks[name], n.extent)
	}
}

// extends waits until that is the extent.
func (n *news) extends(t *testing.T, to roles.Extent) {
	t.Helper()
	if n.await(func() bool { return n.extent == to }) {
		t.Fatalf("the extent is %v, not %v", n.extent, to)
	}
}

// are waits until these are the names, with these texts.
func (n *news) are(t *testing.T, texts map[string]string) {
	t.Helper()
	want := map[string]protocol.Hash{}
	for name, text := range texts {
		want[name] = hashOf(text)
	}
	if n.await(func() bool { return maps.Equal(n.names, want) }) {
		t.Fatalf("the names are %.1000v, not %.1000v", fmt.Sprint(n.names), fmt.Sprint(want))
	}
}

// dated waits until these are the dates of the names.
func (n *news) dated(t *testing.T, want map[string]uint64) {
	t.Helper()
	if n.await(func() bool { return maps.Equal(n.dates, want) }) {
		t.Fatalf("the dates are %.1000v, not %.1000v", fmt.Sprint(n.dates), fmt.Sprint(want))
	}
}

// number waits until there are so many names.
func (n *news) number(t *testing.T, want int) {
	t.Helper()
	if n.await(func() bool { return len(n.names) == want }) {
		t.Fatalf("there are %d names, not %d", len(n.names), want)
	}
}

// await waits until something is so of the news, and reports whether that takes too long.
func (n *news) await(is func() bool) (late bool) {
	timer := time.AfterFunc(patience, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		late = true
		n.changed.Broadcast()
	})
	defer timer.Stop()
	n.mu.Lock()
	defer n.mu.Unlock()
	for !is() && !late {
		n.changed.Wait()
	}
	return !is()
}

// hashOf returns the hash of a text of one group at most.
func hashOf(text string) protocol.Hash { return content.ChainingValue(0, []byte(text), true) }

// options are written often here.
type options = share.Options

// openShare opens a folder until the end of the test.
func openShare(t *testing.T, folder string, with options) *share.Folder {
	t.Helper()
	share, err := share.Open(folder, with)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { share.Close() })
	return share
}

// openFollowed opens a folder until the end of the test, and has news follow it.
func openFollowed(t *testing.T, folder string, with options, told *news) *share.Folder {
	t.Helper()
	share := openShare(t, folder, with)
	follow(t, share, told)
	return share
}

// follow has news follow a share until the end of the test.
func follow(t *testing.T, share *share.Folder, told *news) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { share.Follow(ctx, told.tell, told.extend) })
	t.Cleanup(func() {
		cancel()
		following.Wait()
	})
}

func awaitIndexed(t *testing.T, share *share.Folder) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := share.Indexed(ctx); err != nil {
		t.Fatal(err)
	}
}

// open opens a file by name, content or both until the end of the test.
func open(t *testing.T, share *share.Folder, name string, hash protocol.Hash) (transport.File, *protocol.Error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	file, refusal := share.Open(ctx, name, hash, func(done, size uint64) {})
	if refusal == nil {
		t.Cleanup(func() { file.Close() })
	}
	return file, refusal
}

// serves opens a file and returns its hash.
func serves(t *testing.T, share *share.Folder, name string) protocol.Hash {
	t.Helper()
	file, refusal := open(t, share, name, protocol.Hash{})
	if refusal != nil {
		t.Fatalf("%s: %v", name, refusal)
	}
	return file.Hash()
}

func TestOnlyRegularFilesOfTheShareAreServed(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	shared := filepath.Join(top, "shared")
	disktest.Lay(t, filepath.Join(top, "secret"), "secret")
	disktest.Lay(t, filepath.Join(shared, "plain"), "plain")
	disktest.Lay(t, filepath.Join(shared, "sub/deep"), "deep")
	disktest.Lay(t, filepath.Join(shared, ".hidden"), "hidden")
	disktest.Lay(t, filepath.Join(shared, ".git/config"), "hidden")
	for link, to := range map[string]string{"out": "../secret", "absolute": filepath.Join(top, "secret"), "inside": "plain", "loop": "loop", "folder": "sub"} {
		if err := os.Symlink(to, filepath.Join(shared, link)); err != nil {
			t.Fatal(err)
		}
	}
	disktest.Fifo(t, filepath.Join(shared, "pipe"))
	told := newNews()
	share := openFollowed(t, shared, options{}, told)
	for name, want := range map[string]protocol.Code{
		"plain": 0, "sub/deep": 0, "inside": 0, "folder/deep": 0,
		"nowhere": protocol.NotFound, "sub": protocol.NotFound, "plain/x": protocol.NotFound,
		".hidden": protocol.NotFound, ".git/config": protocol.NotFound,
		"out": protocol.NotFound, "absolute": protocol.NotFound, "loop": protocol.NotFound, "pipe": protocol.NotFound,
		"../secret": protocol.BadName, "/etc/passwd": protocol.BadName, "sub/../plain": protocol.BadName,
	} {
		got := protocol.Code(0)
		if _, refusal := open(t, share, name, protocol.Hash{}); refusal != nil {
			got = refusal.Code
		}
		if got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	told.are(t, map[string]string{"plain": "plain", "sub/deep": "deep", "inside": "plain", "folder/deep": "deep"})
	told = newNews()
	share = openFollowed(t, shared, options{Hidden: true}, told)
	for _, suffix := range []string{disk.PartSuffix, disk.JournalSuffix} { // what is fetched to there is not shared before it is whole
		name := disk.Beside("plain", suffix)
		disktest.Lay(t, filepath.Join(shared, name), "half")
		if _, refusal := open(t, share, name, protocol.Hash{}); refusal == nil || refusal.Code != protocol.NotFound {
			t.Errorf("%s: %v", name, refusal)
		}
	}
	if got := serves(t, share, ".hidden"); got != hashOf("hidden") {
		t.Errorf("a hidden file, asked for: %v", got)
	}
	told.are(t, map[string]string{
		"plain": "plain", "sub/deep": "deep", "inside": "plain", "folder/deep": "deep", ".hidden": "hidden", ".git/config": "hidden",
	})
}

func TestAFileIsFoundByNameByContentOrByBoth(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	disktest.Lay(t, filepath.Join(folder, "one"), "same")
	disktest.Lay(t, filepath.Join(folder, "two"), "same")
	disktest.Lay(t, filepath.Join(folder, "three"), "other")
	share := openShare(t, folder, options{})
	awaitIndexed(t, share)
	same, other := hashOf("same"), hashOf("other")
	for _, test := range []struct {
		name string
		hash protocol.Hash
		want protocol.Code
	}{
		{"one", protocol.Hash{}, 0}, {"", same, 0}, {"two", same, 0},
		{"one", other, protocol.Changed}, {"", hashOf("nobody's"), protocol.NotFound}, {"nowhere", same, protocol.NotFound},
	} {
		file, refusal := open(t, share, test.name, test.hash)
		switch {
		case refusal == nil && test.want != 0 || refusal != nil && refusal.Code != test.want:
			t.Errorf("%q %v: %v, want %v", test.name, test.hash, refusal, test.want)
		case refusal == nil && (file.Hash() != same || file.Size() != 4):
			t.Errorf("%q %v: %d bytes of %v", test.name, test.hash, file.Size(), file.Hash())
		}
	}
	// What has the content is found, however often one of its names goes.
	for _, gone := range []string{"two", "one"} {
		if _, refusal := open(t, share, "", same); refusal != nil {
			t.Errorf("%v", refusal)
		}
		if err := os.Remove(filepath.Join(folder, gone)); err != nil {
			t.Fatal(err)
		}
	}
	if _, refusal := open(t, share, "", same); refusal == nil || refusal.Code != protocol.NotFound {
		t.Errorf("when all are gone: %v", refusal)
	}
}

func TestChangesAreNoticed(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]options{
		"by hints": {Rescan: time.Hour}, "by walking": {Rescan: 10 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			at := func(name string) string { return filepath.Join(folder, name) }
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			disktest.Lay(t, at("kept"), "kept")
			disktest.Lay(t, at("a/b/moved"), "moved")
			disktest.Lay(t, at("a/gone"), "gone")
			told := newNews()
			share := openFollowed(t, folder, options, told)
			if options.Rescan < time.Hour {
				share.Deafen()
			}
			told.are(t, map[string]string{"kept": "kept", "a/b/moved": "moved", "a/gone": "gone"})
			disktest.Lay(t, at("new/folder/new"), "new")
			disktest.Lay(t, at("kept"), "changed")
			must(os.Remove(at("a/gone")))
			told.are(t, map[string]string{"kept": "changed", "a/b/moved": "moved", "new/folder/new": "new"})
			must(os.Rename(at("a"), at("c")))
			must(os.Rename(at("new/folder/new"), at("kept")))
			told.are(t, map[string]string{"kept": "new", "c/b/moved": "moved"})
			disktest.Lay(t, at("c/b/later"), "later") // in the folder that was moved
			must(os.RemoveAll(at("new")))
			disktest.Lay(t, at("new"), "a file now")
			told.are(t, map[string]string{"kept": "new", "c/b/moved": "moved", "c/b/later": "later", "new": "a file now"})
			must(os.RemoveAll(at("c")))
			told.are(t, map[string]string{"kept": "new", "new": "a file now"})
			if all, known := share.Files(); all != 2 || known != 2 {
				t.Errorf("%d files, %d of them known", all, known)
			}
		})
	}
}

func TestARestartHashesNothingAgain(t *testing.T) {
	t.Parallel()
	folder, index := t.TempDir(), filepath.Join(t.TempDir(), "sub", "index.db")
	texts := map[string]string{}
	for _, name := range []string{"a", "b/c", "b/d", "e/f/g"} {
		texts[name] = strings.Repeat(name, 2*protocol.GroupSize/len(name))[:protocol.GroupSize]
		disktest.Lay(t, filepath.Join(folder, name), texts[name])
	}
	told := newNews()
	share := openFollowed(t, folder, options{Index: index}, told)
	awaitIndexed(t, share)
	if got := share.Hashed(); got != 4 {
		t.Errorf("%d groups were hashed", got)
	}
	share.Close()
	if err := os.Rename(filepath.Join(folder, "b"), filepath.Join(folder, "z")); err != nil {
		t.Fatal(err)
	}
	disktest.Lay(t, filepath.Join(folder, "new"), "new")
	told = newNews()
	share = openFollowed(t, folder, options{Index: index}, told)
	texts["z/c"], texts["z/d"], texts["new"] = texts["b/c"], texts["b/d"], "new"
	delete(texts, "b/c")
	delete(texts, "b/d")
	told.are(t, texts)
	if got := share.Hashed(); got != 1 {
		t.Errorf("%d groups were hashed after the restart", got)
	}
}

func TestAFileWithTwoNamesIsHashedOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	disktest.Lay(t, filepath.Join(folder, "one"), "text")
	for _, name := range []string{"two", "three"} {
		if err := os.Link(filepath.Join(folder, "one"), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	told := newNews()
	share := openFollowed(t, folder, options{}, told)
	told.are(t, map[string]string{"one": "text", "two": "text", "three": "text"})
	if got := share.Hashed(); got != 1 {
		t.Errorf("hashed %d times", got)
	}
}

var _ transport.Lister = (*share.Folder)(nil)

// Each follower hears of all, whenever it begins, and is told that it has.
func TestLateFollowersAreToldAll(t *testing.T) {
	folder := t.TempDir()
	disktest.Lay(t, filepath.Join(folder, "a"), "1")
	first, second := newNews(), newNews()
	share := openFollowed(t, folder, options{}, first)
	awaitIndexed(t, share)
	whole, ended := make(chan struct{}), make(chan error, 1)
	once := sync.OnceFunc(func() { close(whole) })
	go func() { ended <- share.Follow(context.Background(), second.tell, func(roles.Extent) { once() }) }()
	select {
	case <-whole:
	case <-time.After(patience):
		t.Fatal("nobody says that this is all")
	}
	for _, told := range []*news{first, second} {
		told.are(t, map[string]string{"a": "1"})
	}
	disktest.Lay(t, filepath.Join(folder, "b"), "2")
	for _, told := range []*news{first, second} {
		told.are(t, map[string]string{"a": "1", "b": "2"})
	}
	share.Close()
	if err := <-ended; err == nil {
		t.Error("a share that is closed is followed")
	}
}
