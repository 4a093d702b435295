package disk

import (
	"encoding/binary"
	"io/fs"
	"syscall"
)

// appendSystem adds the device, the inode and the time of the last change of either content or attributes, which
// no program can set back.
func appendSystem(state []byte, info fs.FileInfo) []byte {
	stat, is := info.Sys().(*syscall.Stat_t)
	if !is {
		return state
	}
	state = binary.BigEndian.AppendUint64(state, stat.Dev)
	state = binary.BigEndian.AppendUint64(state, stat.Ino)
	return binary.BigEndian.AppendUint64(state, uint64(stat.Ctim.Nano()))
}
