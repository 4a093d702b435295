//go:build !linux

package share

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// beneath opens files under a root for reading.
type beneath struct{ root *os.Root }

func newBeneath(root *os.Root) beneath { return beneath{root} }

// open opens a file. O_NONBLOCK keeps a named pipe from blocking us until it has a writer.
func (b beneath) open(name string) (*os.File, error) {
	return b.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// read does nothing here: each file is opened.
func (beneath) read(string, index.Signature, []byte) (mode fs.FileMode, ok bool) { return 0, false }

func (beneath) close() error { return nil }

// beNice does nothing here.
func beNice() {}

// advise does nothing here.
func advise(*os.File, int64, int64) {}
