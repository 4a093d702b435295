//go:build !linux

package disk

import (
	"hash/fnv"
	"io/fs"
)

// stampOf takes a file's stamp. Size and modification time have to do, and the name has to stand for the file.
func stampOf(name string, info fs.FileInfo) stamp {
	digest := fnv.New128a()
	digest.Write([]byte(name))
	sum := digest.Sum(nil)
	at := info.ModTime().UnixNano()
	return stamp{
		inode: inode{device: number(sum[:8]), number: number(sum[8:])}, size: info.Size(), modified: at, changed: at,
	}
}
