package disk

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// niceness is how far others go before us when the processor is wanted.
const niceness = 10

// beNice has the goroutine run on a thread of its own that lets others go first. The thread ends with it.
func beNice() {
	runtime.LockOSThread()
	syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness)
}

// advise has the system read a stretch of the file ahead.
func advise(file *os.File, offset, length int64) {
	unix.Fadvise(int(file.Fd()), offset, length, unix.FADV_WILLNEED)
}
