package share

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// beneath opens files under a root for reading, each with one system call, where os.Root opens the
// folders on the way one by one. It is as strict as os.Root: the system refuses each step that
// leads out of the root.
type beneath struct {
	root *os.Root
	top  *os.File        // the root itself; nil: it can't be opened, and os.Root does all
	raw  syscall.RawConn // of it
}

func newBeneath(root *os.Root) beneath {
	if top, err := root.Open("."); err == nil {
		if raw, err := top.SyscallConn(); err == nil {
			return beneath{root, top, raw}
		}
		top.Close()
	}
	return beneath{root: root}
}

// open opens a file. O_NONBLOCK keeps a named pipe from blocking us until it has a writer.
func (b beneath) open(name string) (*os.File, error) {
	if fd := b.openat2(name); fd >= 0 {
		return os.NewFile(uintptr(fd), filepath.Join(b.root.Name(), name)), nil
	}
	// os.Root says why not, or can where this system can't.
	return b.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
}

// openat2 returns a descriptor, or a negative number.
func (b beneath) openat2(name string) (fd int) {
	if b.top == nil {
		return -1
	}
	o := openings.Get().(*opening)
	defer openings.Put(o)
	o.name, o.fd = name, -1
	b.raw.Control(o.open)
	return o.fd
}

// opening is a call of openat2. It is used again and again, and so is its closure.
type opening struct {
	name string
	how  unix.OpenHow
	fd   int
	open func(top uintptr)
}

var openings = sync.Pool{New: func() any {
	o := &opening{how: unix.OpenHow{
		Flags: unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}}
	o.open = func(top uintptr) { o.fd = openBeneath(int(top), o.name, &o.how) }
	return o
}}

// openBeneath is openat2. Tests replace it by that of a system without it.
var openBeneath = func(top int, name string, how *unix.OpenHow) int {
	for {
		if fd, err := unix.Openat2(top, name, how); err == nil {
			return fd
		} else if err != unix.EINTR {
			return -1
		}
	}
}

// read reads a file that was seen with a signature, whole, and returns its mode. It reports false
// unless the file still had that signature when all was read. It does without an os.File, which
// costs some calls more. Pread takes nothing out of a named pipe that has come in place of the file.
func (b beneath) read(name string, seen index.Signature, buffer []byte) (mode fs.FileMode, ok bool) {
	fd := b.openat2(name)
	if fd < 0 {
		return 0, false
	}
	defer unix.Close(fd)
	for rest, at := buffer[:seen.Size], int64(0); len(rest) > 0; {
		n, err := unix.Pread(fd, rest, at)
		switch {
		case err == unix.EINTR:
		case err != nil, n == 0:
			return 0, false
		default:
			rest, at = rest[n:], at+int64(n)
		}
	}
	var stat syscall.Stat_t
	if err := syscall.Fstat(fd, &stat); err != nil || stat.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return 0, false
	}
	return fs.FileMode(stat.Mode & 0o777), index.SignatureOfStat(&stat) == seen
}

func (b beneath) close() error {
	if b.top == nil {
		return nil
	}
	return b.top.Close()
}

// niceness lets other processes go first when the processor is wanted.
const niceness = 10

// beNice gives the goroutine a thread of its own, with a low priority. The thread ends with it.
func beNice() {
	runtime.LockOSThread()
	syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness)
}

// advise has the system read a stretch of the file ahead.
func advise(file *os.File, offset, length int64) {
	unix.Fadvise(int(file.Fd()), offset, length, unix.FADV_WILLNEED)
}
