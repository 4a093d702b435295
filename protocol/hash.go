package protocol

import "encoding/hex"

// Hash is the BLAKE3 hash of a file's content, the one that b3sum prints, or a chaining value of its tree.
type Hash [HashSize]byte

// IsZero reports whether no hash is meant.
func (h Hash) IsZero() bool { return h == Hash{} }

// String returns the 64 hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads 64 hex digits.
func ParseHash(text string) (h Hash, ok bool) {
	if len(text) != 2*HashSize {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(text))
	return h, err == nil && !h.IsZero()
}

// Groups returns how many groups a file of so many bytes has: none if it is empty.
func Groups(size uint64) uint64 { return (size + GroupSize - 1) / GroupSize }
