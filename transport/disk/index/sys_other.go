//go:build !linux

package index

import (
	"hash/fnv"
	"io/fs"
)

// SignatureOf returns a file's signature. It rests on size and modification time alone, and the
// name stands for the inode.
func SignatureOf(name string, info fs.FileInfo) Signature {
	digest := fnv.New128a()
	digest.Write([]byte(name))
	sum := digest.Sum(nil)
	at := info.ModTime().UnixNano()
	return Signature{
		Inode: Inode{Device: number(sum[:8]), Number: number(sum[8:])}, Size: info.Size(), Modified: at, Changed: at,
	}
}
