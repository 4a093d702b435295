package index

import (
	"io/fs"
	"syscall"
)

// SignatureOf returns a file's signature. No program can set the time of the last change of either
// content or attributes.
func SignatureOf(_ string, info fs.FileInfo) Signature {
	if stat, is := info.Sys().(*syscall.Stat_t); is {
		return SignatureOfStat(stat)
	}
	return Signature{Size: info.Size(), Modified: info.ModTime().UnixNano()}
}

// SignatureOfStat is SignatureOf for what the system itself says of a file.
func SignatureOfStat(stat *syscall.Stat_t) Signature {
	return Signature{
		Inode: Inode{Device: uint64(stat.Dev), Number: stat.Ino},
		Size:  stat.Size, Modified: stat.Mtim.Nano(), Changed: stat.Ctim.Nano(),
	}
}
