package disk

import (
	"io/fs"
	"syscall"
)

// stampOf takes a file's stamp. The time of the last change of either content or attributes cannot be set by any
// program.
func stampOf(_ string, info fs.FileInfo) stamp {
	st := stamp{size: info.Size(), modified: info.ModTime().UnixNano()}
	if stat, is := info.Sys().(*syscall.Stat_t); is {
		st.inode = inode{device: uint64(stat.Dev), number: stat.Ino}
		st.changed = stat.Ctim.Nano()
	}
	return st
}
