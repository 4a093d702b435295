//go:build !linux

package index

import (
	"hash/fnv"
	"io/fs"
)

// SignatureOf takes a file's stamp. Size and modification time have to do, and the name has to stand for the file.
func SignatureOf(name string, info fs.FileInfo) Signature {
	digest := fnv.New128a()
	digest.Write([]byte(name))
	sum := digest.Sum(nil)
	at := info.ModTime().UnixNano()
	return Signature{
		Inode: Inode{Device: number(sum[:8]), Number: number(sum[8:])}, Size: info.Size(), Modified: at, Changed: at,
	}
}
