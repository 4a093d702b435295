package dense

import "lukechampine.com/blake3/guts"

// Key is the key of a table's hashes, so that nobody can construct keys that collide.
type Key [8]uint32

// NewKey draws a key.
func NewKey(random uint64) (k Key) {
	for i := range k {
		random = random*6364136223846793005 + 1442695040888963407
		k[i] = uint32(random >> 32)
	}
	return k
}

// Hash is a keyed hash of up to 1024 bytes: BLAKE3 of one chunk.
func (k *Key) Hash(b []byte) uint64 {
	words := guts.CompressNode(guts.CompressChunk(b, (*[8]uint32)(k), 0, guts.FlagKeyedHash))
	return uint64(words[0])<<32 | uint64(words[1])
}
