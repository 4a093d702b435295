package index

import (
	"io/fs"
	"syscall"
)

// SignatureOf returns a file's signature. No program can set the time of the last change of either
// content or attributes.
func SignatureOf(_ string, info fs.FileInfo) Signature {
	sig := Signature{Size: info.Size(), Modified: info.ModTime().UnixNano()}
	if stat, is := info.Sys().(*syscall.Stat_t); is {
		sig.Inode = Inode{Device: uint64(stat.Dev), Number: stat.Ino}
		sig.Changed = stat.Ctim.Nano()
	}
	return sig
}
