package content

import (
	"lukechampine.com/blake3/guts"

	"github.com/relaypeer/relaypeer/protocol"
)

// hashTogether hashes files of 1 to mostTogether bytes side by side, on a processor that hashes
// sixteen chunks at once; nil on others.
var hashTogether func(hashes []protocol.Hash, files [][]byte)

// mostTogether is the size of a file, in bytes, from which on it keeps such a processor busy by itself.
const mostTogether = 16 * guts.ChunkSize

// Hashes returns the hash of each of several files of at most GroupSize bytes, which takes less time
// than one after the other if they are small.
func Hashes(files [][]byte) []protocol.Hash {
	hashes := make([]protocol.Hash, len(files))
	for begin := 0; begin < len(files); {
		end := begin
		for end < len(files) && together(files[end]) {
			end++
		}
		if end-begin > 1 {
			hashTogether(hashes[begin:end], files[begin:end])
			begin = end
			continue
		}
		hashes[begin] = ChainingValue(0, files[begin], true)
		begin++
	}
	return hashes
}

// together reports whether a file is hashed with others.
func together(file []byte) bool {
	return hashTogether != nil && len(file) > 0 && len(file) <= mostTogether
}
