package groups_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk/groups"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// A disk that does not keep up holds nobody up: what cannot wait is dropped.
func TestASlowDiskHoldsNobodyUp(t *testing.T) {
	free := make(chan struct{})
	c, err := groups.OpenWriting(t.TempDir(), 64<<20, nil, func(file *os.File, b []byte) (int, error) {
		<-free
		return file.Write(b)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const all = 3 * groups.MostQueued
	for i := range uint64(all) {
		made(1, i, 10).put(c)
	}
	if made(1, 0, 10).has(t, c) {
		t.Error("what is not written yet is there")
	}
	close(free)
	c.Await()
	if count, _ := c.Size(); count != groups.MostQueued {
		t.Errorf("%d groups were written", count)
	}
}

func TestAFullDiskIsSaidOnceAndMeansNoCache(t *testing.T) {
	log, lines := disktest.Log()
	folder, full := t.TempDir(), true
	c, err := groups.OpenWriting(folder, 64<<20, log, func(file *os.File, b []byte) (int, error) {
		if len(b) > 80 && full {
			n, _ := file.Write(b[:len(b)/2])
			return n, &fs.PathError{Op: "write", Path: file.Name(), Err: errNoSpace}
		}
		return file.Write(b)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range uint64(5) {
		made(1, i, 1000).put(c)
	}
	c.Await()
	if count, bytes := c.Size(); count > 0 || bytes > 0 || len(files(t, folder)) > 0 || made(1, 0, 1000).has(t, c) {
		t.Errorf("%d groups of %d bytes, %v", count, bytes, files(t, folder))
	}
	if said := lines.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, errNoSpace.Error()) {
		t.Errorf("said: %q", said)
	}
	full = false
	made(1, 0, 1000).put(c)
	c.Await()
	if !made(1, 0, 1000).has(t, c) {
		t.Error("it does not go on when there is room")
	}
}

var errNoSpace = errors.New("no space left")

// A program that starts is asked at once for what an earlier run has left.
func TestAGroupThatIsPutBeforeItIsKnownToBeThereIsThereOnce(t *testing.T) {
	folder, group := t.TempDir(), made(1, 2, 5000)
	before := opened(t, folder, 8<<20)
	group.put(before)
	before.Await()
	groupsBefore, bytesBefore := before.Size()
	before.Close()
	c, err := groups.OpenAfter(folder, 8<<20, func(c *groups.Cache) { group.put(c) })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Await()
	if n, bytes := c.Size(); n != groupsBefore || bytes != bytesBefore {
		t.Errorf("%d groups take %d bytes, and not %d that take %d", n, bytes, groupsBefore, bytesBefore)
	}
	if !group.has(t, c) {
		t.Error("it is not there")
	}
}
