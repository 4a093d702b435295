package store

import (
	"context"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// pages are buffers for a group.
var pages = sync.Pool{New: func() any { return new([protocol.GroupSize]byte) }}

// hashGroups hashes the groups of a file that want selects, on all processors, and passes the value
// of each to tell, one call at a time. It ends with ctx. Unreadable groups are left out; unread is the
// reason for one of them, unless the file has no more bytes.
func hashGroups(ctx context.Context, file *os.File, size, groups uint64, want func(uint64) bool, tell func(uint64, protocol.Hash)) (unread, err error) {
	var next atomic.Uint64
	var telling sync.Mutex
	var workers sync.WaitGroup
	for range min(uint64(runtime.GOMAXPROCS(0)), groups) {
		workers.Go(func() {
			page := pages.Get().(*[protocol.GroupSize]byte)
			defer pages.Put(page)
			for ctx.Err() == nil {
				number := next.Add(1) - 1
				if number >= groups {
					return
				}
				if !want(number) {
					continue
				}
				at := number * protocol.GroupSize
				data := page[:min(size-at, protocol.GroupSize)]
				err := before("read a group")
				if err == nil {
					_, err = file.ReadAt(data, int64(at))
				}
				value := protocol.Hash{}
				if err == nil {
					value = content.ChainingValue(number, data, size <= protocol.GroupSize)
				}
				telling.Lock()
				if err == nil {
					tell(number, value)
				} else if err != io.EOF {
					unread = err
				}
				telling.Unlock()
			}
		})
	}
	workers.Wait()
	return unread, ctx.Err()
}
