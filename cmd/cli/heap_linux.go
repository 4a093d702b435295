package cli

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// inHugePages asks for huge pages for those pages that lie within memory.
func inHugePages(memory []byte) {
	page := os.Getpagesize()
	from := -int(uintptr(unsafe.Pointer(&memory[0]))) & (page - 1)
	unix.Madvise(memory[from:], unix.MADV_HUGEPAGE)
}

// mayGrow reports whether the user has not bounded the address space (ulimit -v).
func mayGrow() bool {
	var limit unix.Rlimit
	return unix.Getrlimit(unix.RLIMIT_AS, &limit) == nil && limit.Cur == unix.RLIM_INFINITY
}
