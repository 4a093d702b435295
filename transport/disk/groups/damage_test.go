package groups_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/groups"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// damaged puts a group, closes the cache, spoils its file, and opens the cache again.
func damaged(t *testing.T, o one, spoil func(path string)) (c *groups.Cache, folder string) {
	t.Helper()
	folder = t.TempDir()
	c = opened(t, folder, groups.Least)
	o.put(c)
	c.Close()
	for _, path := range files(t, folder) {
		spoil(path)
	}
	return opened(t, folder, groups.Least), folder
}

// Whichever bit of a file flips, and wherever it ends, nothing of it is returned, and it is removed.
func TestDamagedGroupsAreNeverReturned(t *testing.T) {
	for _, o := range []one{made(1, 3, 100), small(1)} {
		folder := t.TempDir()
		c := opened(t, folder, groups.Least)
		o.put(c)
		c.Await()
		path := files(t, folder)[0]
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		spoilt := func(b []byte) {
			t.Helper()
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			gone(t, c, folder, o)
		}
		for bit := range 8 * len(whole) {
			b := bytes.Clone(whole)
			b[bit/8] ^= 1 << (bit % 8)
			spoilt(b)
		}
		for _, size := range []int{0, 1, 79, 80, 81, 87, 88, 89, len(whole) - 1} {
			spoilt(whole[:size])
		}
		spoilt(append(bytes.Clone(whole), 0))
		spoilt(append(bytes.Clone(whole), make([]byte, 2<<20)...))
	}
}

// gone fails if the group is returned, or its file is left, and then puts it anew.
func gone(t *testing.T, c *groups.Cache, folder string, o one) {
	t.Helper()
	if _, is := c.Get(o.hash, o.of(), o.group, make([]byte, 1<<20)); is {
		t.Fatal("a damaged group is returned")
	}
	if count, bytes := c.Size(); count > 0 || bytes > 0 {
		t.Fatalf("%d groups, %d bytes, %v", count, bytes, files(t, folder))
	}
	o.put(c)
	c.Await()
	if !o.has(t, c) {
		t.Fatal("it is not there when it is put anew")
	}
}

// A file under the name of another group is none of it.
func TestAGroupUnderAnotherNameIsNotReturned(t *testing.T) {
	folder := t.TempDir()
	c := opened(t, folder, groups.Least)
	a, b := made(1, 3, 300), made(1, 4, 300)
	a.put(c)
	c.Await()
	first := files(t, folder)[0]
	b.put(c)
	c.Await()
	for _, path := range files(t, folder) {
		if path != first {
			os.Rename(first, path)
		}
	}
	if a.has(t, c) || b.has(t, c) {
		t.Error("a group is there that was replaced")
	}
}

// What others have put into the folder stays, and is not counted; what a run that was killed has left is removed.
func TestForeignFilesAreLeftAlone(t *testing.T) {
	o := made(1, 3, 300)
	folder := t.TempDir()
	c := opened(t, folder, groups.Least)
	o.put(c)
	c.Close()
	ours := files(t, folder)[0]
	shard := filepath.Dir(ours)
	foreign := []string{filepath.Join(folder, "letter.txt"), filepath.Join(shard, "letter.txt"), filepath.Join(folder, "zz", "letter"),
		filepath.Join(shard, "x-3"), filepath.Join(folder, filepath.Base(ours)), filepath.Join(shard, filepath.Base(ours)+".part.bak")}
	for _, path := range foreign {
		os.MkdirAll(filepath.Dir(path), 0o700)
		if err := os.WriteFile(path, make([]byte, 3<<20), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	os.WriteFile(ours+".part", []byte("half"), 0o600)
	c = opened(t, folder, groups.Least)
	for i := range uint64(20) {
		made(2, i, 1<<20).put(c)
		c.Await()
	}
	for _, path := range foreign {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(ours + ".part"); err == nil {
		t.Error("what was being written is left")
	}
}

// A link, a pipe or a folder in the place of a group, of a folder or of the lock is neither followed nor removed.
func TestNothingButRegularFilesIsOpened(t *testing.T) {
	o := made(1, 3, 300)
	outside := filepath.Join(t.TempDir(), "outside")
	plants := map[string]func(path string){
		"a link":                    func(path string) { os.Symlink(outside, path) },
		"a link that leads nowhere": func(path string) { os.Symlink(outside+".none", path) },
		"a pipe":                    func(path string) { disktest.Fifo(t, path) },
		"a folder":                  func(path string) { os.MkdirAll(filepath.Join(path, "full"), 0o700) },
	}
	for name, plant := range plants {
		t.Run(name, func(t *testing.T) {
			c, folder := damaged(t, o, func(path string) {
				whole, _ := os.ReadFile(path)
				os.WriteFile(outside, whole, 0o600)
				os.Remove(path)
				plant(path)
			})
			left := func() {
				t.Helper()
				if o.has(t, c) {
					t.Error("what a link leads to is returned")
				}
				o.put(c)
				c.Await()
				if o.has(t, c) {
					t.Error("it is written in the place of another thing")
				}
			}
			left()
			c.Close()
			if _, err := os.Stat(outside + ".none"); err == nil {
				t.Error("what a link leads to was written")
			}

			shard := filepath.Join(folder, filepath.Base(filepath.Dir(shardOf(t, o))))
			os.RemoveAll(shard)
			if name == "a link" {
				os.Symlink(t.TempDir(), shard)
			} else {
				plant(shard)
			}
			if name != "a folder" {
				c = opened(t, folder, groups.Least)
				left()
				c.Close()
			}

			os.Remove(filepath.Join(folder, "lock"))
			plant(filepath.Join(folder, "lock"))
			if c, err := groups.Open(folder, groups.Least, nil); err == nil {
				c.Close()
				t.Error("the lock is another thing")
			}
		})
	}
}

// It may be planted while the cache is open, too.
func TestWhatIsPlantedLaterIsNotOpened(t *testing.T) {
	folder, o := t.TempDir(), made(1, 3, 300)
	c := opened(t, folder, groups.Least)
	o.put(c)
	c.Await()
	path := files(t, folder)[0]
	elsewhere := filepath.Join(folder, "elsewhere")
	os.Rename(path, elsewhere)
	os.Symlink("../elsewhere", path)
	if o.has(t, c) {
		t.Error("a link is followed")
	}
	if count, bytes := c.Size(); count > 0 || bytes > 0 {
		t.Errorf("%d groups, %d bytes", count, bytes)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// shardOf returns the path of a group in some cache.
func shardOf(t *testing.T, o one) string {
	t.Helper()
	folder := t.TempDir()
	c := opened(t, folder, groups.Least)
	o.put(c)
	c.Await()
	return files(t, folder)[0]
}

// The size of a content is a claim where only some of its groups are here: what came under one is not returned under another one.
func TestAGroupOfAContentOfAnotherSizeIsNotReturned(t *testing.T) {
	c := opened(t, t.TempDir(), groups.Least)
	o := made(1, 0, protocol.GroupSize)
	o.put(c)
	c.Await()
	for _, size := range []uint64{0, protocol.GroupSize, o.of() - 1, o.of() + 1} {
		if _, is := c.Get(o.hash, size, o.group, make([]byte, protocol.GroupSize)); is {
			t.Errorf("a group of a content of %d bytes is returned for one of %d", o.of(), size)
		}
	}
	if !o.has(t, c) {
		t.Error("it is not returned for the content that it is of")
	}
}
