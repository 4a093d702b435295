package groups_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/groups"
	"github.com/relaypeer/relaypeer/transport/peer"
)

var _ peer.Cache = (*groups.Cache)(nil)

// one is a group of some content.
type one struct {
	hash  protocol.Hash
	group uint64
	data  []byte
}

// made returns a group of a large content with this number.
func made(of byte, group uint64, size int) one {
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{of, byte(group), byte(group >> 8)}).Read(data)
	return one{protocol.Hash{of, 1}, group, data}
}

// small returns the one group of a small content.
func small(of byte) one {
	data := bytes.Repeat([]byte{of}, 100)
	return one{content.ChainingValue(0, data, true), 0, data}
}

// of returns the size of the content that the group is of.
func (o one) of() uint64 {
	if o.hash == content.ChainingValue(0, o.data, true) {
		return uint64(len(o.data))
	}
	return 1 << 61
}

func (o one) put(c *groups.Cache) {
	c.Put(o.hash, o.of(), o.group, content.ChainingValue(o.group, o.data, o.hash == content.ChainingValue(0, o.data, true)), o.data)
}

// has reports whether the cache has the group, and fails if it has another one in its place.
func (o one) has(t *testing.T, c *groups.Cache) bool {
	t.Helper()
	data, is := c.Get(o.hash, o.of(), o.group, make([]byte, protocol.GroupSize))
	if is && !bytes.Equal(data, o.data) {
		t.Errorf("group %d of %v is another one", o.group, o.hash)
	}
	return is
}

// opened returns an open cache that is closed with the test.
func opened(t *testing.T, folder string, bytes int64) *groups.Cache {
	t.Helper()
	c, err := groups.Open(folder, bytes, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.Await()
	return c
}

// files returns the files below a folder that are groups, or were to be.
func files(t *testing.T, folder string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "lock" {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// used returns what a folder takes on the disk, as far as its files tell.
func used(t *testing.T, folder string) (sum int64) {
	t.Helper()
	filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it was removed meanwhile
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			sum += (info.Size() + 4095) / 4096 * 4096
		}
		sum += 4096
		return nil
	})
	return sum
}

func TestWhatIsPutIsThere(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made", "anew")
	c := opened(t, folder, 64<<20)
	all := []one{made(1, 0, protocol.GroupSize), made(1, 1, 5), made(2, 1, protocol.GroupSize), made(1, 1<<40, 1), small(7)}
	for _, o := range all {
		if o.has(t, c) {
			t.Error("there is a group that was not put")
		}
		o.put(c)
	}
	c.Await()
	for range 2 {
		for _, o := range all {
			if !o.has(t, c) {
				t.Errorf("group %d of %v is not there", o.group, o.hash)
			}
		}
		if count, bytes := c.Size(); count != len(all) || bytes < 2*protocol.GroupSize || bytes > 2*protocol.GroupSize+int64(len(all))*3*4096 {
			t.Errorf("%d groups, %d bytes", count, bytes)
		}
		made(1, 1, 5).put(c)
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Error(err)
		}
		if all[0].has(t, c) {
			t.Error("a closed cache has something")
		}
		all[0].put(c)
		c = opened(t, folder, 64<<20)
	}
}

func TestTooSmallACacheIsRefused(t *testing.T) {
	if c, err := groups.Open(t.TempDir(), groups.Least-1, nil); err == nil || c != nil {
		t.Error(err)
	}
}

func TestAFolderHasOneCache(t *testing.T) {
	folder := t.TempDir()
	c := opened(t, folder, groups.Least)
	if second, err := groups.Open(folder, groups.Least, nil); !errors.Is(err, disk.ErrLocked) || second != nil {
		t.Error(err)
	}
	c.Close()
	opened(t, folder, groups.Least)
}

// Close writes what waits: nothing that was taken is lost.
func TestCloseWritesWhatWaits(t *testing.T) {
	folder := t.TempDir()
	c := opened(t, folder, 64<<20)
	var all []one
	for i := range uint64(groups.MostQueued) {
		all = append(all, made(1, i, 1000))
		all[i].put(c)
	}
	c.Close()
	c = opened(t, folder, 64<<20)
	for _, o := range all {
		if !o.has(t, c) {
			t.Errorf("group %d is lost", o.group)
		}
	}
}

// The bound holds whenever something has been written, by what is on the disk, while many put and get.
func TestTheBoundHolds(t *testing.T) {
	const most = 8 << 20
	folder := t.TempDir()
	c, err := groups.OpenWriting(folder, most, nil, func(file *os.File, b []byte) (int, error) {
		n, err := file.Write(b)
		if took := used(t, folder); took > most {
			t.Errorf("%d bytes are used", took)
		}
		return n, err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var busy sync.WaitGroup
	for who := range byte(6) {
		busy.Go(func() {
			for i := range uint64(60) {
				o := made(who, i, 1+rand.IntN(protocol.GroupSize))
				o.put(c)
				c.Get(o.hash, o.of(), rand.Uint64N(60), make([]byte, protocol.GroupSize))
			}
		})
	}
	busy.Wait()
	c.Await()
	count, bytes := c.Size()
	if left := files(t, folder); len(left) != count || bytes+groups.FixedBytes > most || count == 0 {
		t.Errorf("%d groups that take %d bytes, %d files", count, bytes, len(left))
	}
}

// A cache that has less than before begins with what was used last.
func TestLessRoomThanBeforeKeepsWhatWasUsedLast(t *testing.T) {
	folder := t.TempDir()
	c := opened(t, folder, 64<<20)
	for i := range uint64(10) {
		made(1, i, protocol.GroupSize).put(c)
	}
	c.Close()
	for i, path := range files(t, folder) {
		used := time.Now().Add(-time.Hour)
		if i%3 > 0 {
			used = used.Add(-time.Duration(i) * time.Hour)
		}
		os.Chtimes(path, used, used)
	}
	c = opened(t, folder, 6<<20)
	left := files(t, folder)
	if count, bytes := c.Size(); count != 4 || bytes > 6<<20 || len(left) != 4 {
		t.Errorf("%d groups, %d bytes, %d files", count, bytes, len(left))
	}
	for _, path := range left {
		if info, err := os.Stat(path); err != nil || time.Since(info.ModTime()) > 90*time.Minute {
			t.Errorf("%v, %v is kept", err, info.ModTime())
		}
	}
}

func TestTheLeastRecentlyUsedGivesWay(t *testing.T) {
	folder := t.TempDir()
	c := opened(t, folder, 6<<20) // four groups
	put := func(group uint64) {
		made(1, group, protocol.GroupSize).put(c)
		c.Await()
	}
	there := func() (all []uint64) {
		for _, path := range files(t, folder) {
			var hash string
			var size, group uint64
			fmt.Sscanf(filepath.Base(path), "%64s-%x-%x", &hash, &size, &group)
			all = append(all, group)
		}
		slices.Sort(all)
		return all
	}
	for i := range uint64(4) {
		put(i)
	}
	made(1, 0, protocol.GroupSize).has(t, c)
	put(2) // it is there: that is no use of it
	put(4)
	if is := there(); !slices.Equal(is, []uint64{0, 2, 3, 4}) {
		t.Error(is)
	}
	put(5)
	put(6)
	if is := there(); !slices.Equal(is, []uint64{0, 4, 5, 6}) {
		t.Error(is)
	}
	// The files tell it after a restart, once a group was not used for a while.
	c.Close()
	for _, path := range files(t, folder) {
		used := time.Now().Add(-2 * time.Hour)
		os.Chtimes(path, used, used)
	}
	c = opened(t, folder, 6<<20)
	made(1, 5, protocol.GroupSize).has(t, c)
	made(1, 0, protocol.GroupSize).has(t, c)
	c.Close()
	c = opened(t, folder, 6<<20)
	put(7)
	put(8)
	if is := there(); !slices.Equal(is, []uint64{0, 5, 7, 8}) {
		t.Error(is)
	}
}
