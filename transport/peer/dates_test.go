package peer_test

import (
	"context"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// modTime returns the modification time that is said of a file.
func modTime(t *testing.T, f interface{ Stat() (fs.FileInfo, error) }) time.Time {
	t.Helper()
	is, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return is.ModTime()
}

// listedDates returns the dates by name.
func listedDates(t *testing.T, c *peer.Client) map[string]time.Time {
	t.Helper()
	offers, err := c.ListAll(t.Context(), "", true)
	if err != nil {
		t.Fatal(err)
	}
	dates := map[string]time.Time{}
	for _, offer := range offers {
		dates[offer.Name] = offer.ModTime()
	}
	return dates
}

// namedDates returns the same, of sorted names.
func namedDates(t *testing.T, c *peer.Client) map[string]time.Time {
	t.Helper()
	dates := map[string]time.Time{}
	names, err := c.Names(t.Context(), "", false)
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	for one, err := range names.All() {
		if err != nil {
			t.Fatal(err)
		}
		dates[one.Name] = one.ModTime()
	}
	return dates
}

// A list has the dates in seconds, and an open file has that of its node. Of a file without a date
// nothing is said.
func TestFilesHaveDates(t *testing.T) {
	someday, last := time.Date(2020, 2, 3, 4, 5, 6, 700_000_000, time.UTC), time.Unix(protocol.MaxModified-1, 5)
	both(t, func(t *testing.T, network transport.Network) {
		files := fstest.MapFS{
			"some/day": {Data: []byte("some"), ModTime: someday}, "last": {Data: random(2*group + 1), ModTime: last},
			"never": {Data: []byte("never")}, "early": {Data: []byte("early"), ModTime: time.Unix(-1, 0)}, "late": {Data: []byte("late"), ModTime: last.Add(time.Second)},
		}
		want := map[string]time.Time{"some/day": someday, "last": last, "never": {}, "early": {}, "late": {}}
		c := connected(t, network, files)
		dates, named, fsys := listedDates(t, c), namedDates(t, c), filesystem(t, c)
		for name, want := range want {
			inSeconds := want.Truncate(time.Second)
			if got := dates[name]; got != named[name] || !got.Equal(inSeconds) || got.IsZero() != want.IsZero() {
				t.Errorf("%s is listed with %v, not %v", name, got, inSeconds)
			}
			if got := modTime(t, opened(t, c, name)); !got.Equal(want) {
				t.Errorf("%s is opened with %v, not %v", name, got, want)
			}
			if is, err := fsys.Stat(name); err != nil || !is.ModTime().Equal(inSeconds) {
				t.Errorf("%s is in the file system with %v, %v, not %v", name, is, err, inSeconds)
			}
		}
		if err := fstest.TestFS(fsys, "some/day", "last", "never", "early", "late"); err != nil {
			t.Error(err)
		}
	})
}

// Another date of a file is published although its content stays. A file that is open stays as it is.
func TestATouchedFileIsPublishedAgain(t *testing.T) {
	folder, before := t.TempDir(), time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	after := before.Add(time.Hour)
	path := filepath.Join(folder, "a")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	touch := func(date time.Time) {
		t.Helper()
		if err := os.Chtimes(path, time.Time{}, date); err != nil {
			t.Fatal(err)
		}
	}
	touch(before)
	c := connected(t, transport.NewMemory(), os.DirFS(folder))
	if got := listedDates(t, c)["a"]; !got.Equal(before) {
		t.Errorf("it is listed with %v", got)
	}
	f := opened(t, c, "a")
	touch(after)
	if got := modTime(t, opened(t, c, "a")); !got.Equal(after) { // which is when the share notices
		t.Errorf("it is opened with %v", got)
	}
	eventually(t, "the new date is listed", func() bool { return listedDates(t, c)["a"].Equal(after) })
	if data, err := io.ReadAll(f); err != nil || string(data) != "text" || !modTime(t, f).Equal(before) {
		t.Errorf("%q, %v, of %v", data, err, modTime(t, f))
	}
}

// far is a share that dates its files as no entry may.
type far struct{ *fsshare.Share }

func (s far) Follow(ctx context.Context, change func(protocol.Entry), extent func(roles.Extent)) error {
	return s.Share.Follow(ctx, func(e protocol.Entry) {
		if !e.Removes() {
			e.Modified = math.MaxUint64
		}
		change(e)
	}, extent)
}

func TestADateThatCannotBeSaidIsLeftOut(t *testing.T) {
	network := transport.NewMemory()
	relay := startRelay(t, network, &peer.Relay{})
	startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: far{share(t, tree("a", "text"))}})
	c := &peer.Client{Network: network, Relay: relay}
	awaitPublished(t, c, 1)
	if dates := listedDates(t, c); len(dates) != 1 || !dates["a"].IsZero() {
		t.Errorf("%v", dates)
	}
}
