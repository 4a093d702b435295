package share

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// beneath opens files under a root for reading, each with one system call, where os.Root opens the
// folders on the way one by one. It is as strict as os.Root: the system refuses each step that
// leads out of the root.
type beneath struct {
	root *os.Root
	top  *os.File // the root itself; nil: it can't be opened, and os.Root does all
}

func newBeneath(root *os.Root) beneath {
	top, err := root.Open(".")
	if err != nil {
		return beneath{root: root}
	}
	return beneath{root, top}
}

// open opens a file. O_NONBLOCK keeps a named pipe from blocking us until it has a writer.
func (b beneath) open(name string) (*os.File, error) {
	if file := b.openat2(name); file != nil {
		return file, nil
	}
	// os.Root says why not, or can where this system can't.
	return b.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
}

func (b beneath) openat2(name string) *os.File {
	if b.top == nil {
		return nil
	}
	raw, err := b.top.SyscallConn()
	if err != nil {
		return nil
	}
	fd := -1
	raw.Control(func(top uintptr) {
		for err = unix.EINTR; err == unix.EINTR; {
			fd, err = unix.Openat2(int(top), name, &unix.OpenHow{
				Flags: unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
			})
		}
	})
	if err != nil || fd < 0 {
		return nil
	}
	return os.NewFile(uintptr(fd), filepath.Join(b.root.Name(), name))
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
