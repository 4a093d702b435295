package fsshare_test

import (
	"io/fs"
	"math"
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/protocol"
)

// claiming is an fs.FS whose files claim a size.
type claiming struct {
	fstest.MapFS
	size int64
}

type claimingFile struct {
	fs.File
	size int64
}

type claimingInfo struct {
	fs.FileInfo
	size int64
}

func (c claiming) Open(name string) (fs.File, error) {
	file, err := c.MapFS.Open(name)
	if name == "." || err != nil {
		return file, err
	}
	return claimingFile{file, c.size}, nil
}

func (f claimingFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return claimingInfo{info, f.size}, err
}

func (i claimingInfo) Size() int64 { return i.size }

// A file may claim any size: nothing is allocated by it, and it is not shared as what it is not.
func TestAClaimedSizeIsNotBelieved(t *testing.T) {
	for size, code := range map[int64]protocol.Code{
		math.MaxInt64: protocol.Limit, protocol.MaxFile + 1: protocol.Limit, -1: protocol.Limit, math.MinInt64: protocol.Limit,
		protocol.MaxFile: protocol.Changed, 5: protocol.Changed, 3: protocol.Changed,
	} {
		s := share(t, claiming{fstest.MapFS{"file": {Data: []byte("text")}}, size})
		refused(t, s, "file", protocol.Hash{}, code)
	}
}
