package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// textOf returns a content of these bytes.
func textOf(data []byte) (x disktest.Text) {
	x.Data = data
	for at := 0; at < len(data); at += protocol.GroupSize {
		group := data[at:min(at+protocol.GroupSize, len(data))]
		x.Values = append(x.Values, content.ChainingValue(uint64(len(x.Values)), group, len(data) <= protocol.GroupSize))
	}
	x.Hash, _ = content.Build(x.Values)
	return x
}

// takes returns the bytes of the disk that a file takes.
func takes(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}

// sparse returns 12 MiB and a bit with a block of data here and there, and zeros at the end.
func sparse() []byte {
	data := make([]byte, 12*protocol.GroupSize+5000)
	for _, at := range []int{0, 3*protocol.GroupSize + 8192, 7*protocol.GroupSize - 4096} {
		data[at], data[at+4095] = 1, 2
	}
	return data
}

// Zeros take no space: in a large file, in whatever order its groups come, in its copies, in small
// files, and in those that are zeros altogether. Each has its full size.
func TestHolesStayHoles(t *testing.T) {
	folder := t.TempDir()
	small := make([]byte, 300_000)
	small[100_000] = 1
	names := [][]string{{"large", "sub/copy"}, {"small", "twin"}, {"zeros"}, {"empty zeros"}}
	to := store.NewFolder(disktest.OpenRoot(t, folder), names, store.Options{})
	texts := []disktest.Text{textOf(sparse()), textOf(small), textOf(make([]byte, 3*protocol.GroupSize)), textOf(make([]byte, 200_000))}
	most := []int64{64 << 10, 64 << 10, 16 << 10, 16 << 10}
	for number, text := range texts {
		i := item{text, number, to}
		order := []uint64{}
		for group := range i.Groups() {
			order = append(order, i.Groups()-1-group)
		}
		if len(order) > 1 {
			i.open(t)
		}
		i.bring(t, order...)
		commits(t, i)
		for _, name := range names[number] {
			path := filepath.Join(folder, name)
			disktest.Holds(t, path, text.Data)
			if got := takes(t, path); got > most[number] {
				t.Errorf("%s takes %d bytes", name, got)
			}
		}
	}
	if err := to.Close(); err != nil {
		t.Error(err)
	}
}

// What an earlier try left where zeros belong is not taken for them, and what has come is kept.
func TestZerosTakeThePlaceOfLeftovers(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	x := textOf(sparse())
	part := store.NewPart(root, "file")
	x.Open(t, part)
	x.MustBring(t, part, 0, 12)
	part.Close()
	left, err := root.OpenFile(disk.Beside("file", disk.PartSuffix), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	left.WriteAt(bytes.Repeat([]byte{7}, 6*protocol.GroupSize), 2*protocol.GroupSize)
	left.Close()
	part = store.NewPart(root, "file")
	if has, _ := x.Open(t, part); has.Count() != 2 {
		t.Errorf("it has %v", has)
	}
	for number := range x.Groups() - 2 {
		x.MustBring(t, part, number+1)
	}
	commit(t, part, roles.Placement{Size: uint64(len(x.Data))})
	path := filepath.Join(folder, "file")
	disktest.Holds(t, path, x.Data)
	if got := takes(t, path); got > 64<<10 {
		t.Errorf("it takes %d bytes", got)
	}
}
