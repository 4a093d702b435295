package protocol

import (
	"encoding/hex"
	"errors"
)

// Hash is the BLAKE3 hash of a file's content, as b3sum prints it, or a chaining value of its tree.
type Hash [HashSize]byte

// IsZero reports whether h is the zero hash, which stands for no hash.
func (h Hash) IsZero() bool { return h == Hash{} }

// String returns the 64 hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// UnmarshalBinary implements [encoding.BinaryUnmarshaler]. Without it the CBOR library sets the bytes
// one by one.
func (h *Hash) UnmarshalBinary(b []byte) error {
	if len(b) != HashSize {
		return errHashSize
	}
	*h = Hash(b)
	return nil
}

var errHashSize = errors.New("a hash of another size")

// ParseHash reads 64 hex digits. It reports false for anything else and for the zero hash.
func ParseHash(text string) (h Hash, ok bool) {
	if len(text) != 2*HashSize {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(text))
	return h, err == nil && !h.IsZero()
}

// Groups returns how many chunk groups a file of size bytes has: none if it is empty.
func Groups(size uint64) uint64 { return (size + GroupSize - 1) / GroupSize }
