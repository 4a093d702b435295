package protocol

import "encoding/hex"

// Hash is the BLAKE3 hash of a file's content, as b3sum prints it, or a chaining value of its tree.
type Hash [HashSize]byte

// IsZero reports whether h is the zero hash, which stands for no hash.
func (h Hash) IsZero() bool { return h == Hash{} }

// String returns the 64 hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

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
