package state

import "os"

// SetBefore has f called before each change of the disk, which fails with the error that f returns.
// It returns what takes that back.
func SetBefore(f func(what string) error) (undo func()) {
	was := before
	before = f
	return func() { before = was }
}

// SetWrite replaces what writes to a file, and returns what takes that back.
func SetWrite(f func(file *os.File, text []byte) (int, error)) (undo func()) {
	was := write
	write = f
	return func() { write = was }
}

// ParseKey, EncodeKey and ParseLines are for tests of the forms.
var (
	ParseKey   = parseKey
	EncodeKey  = encodeKey
	ParseLines = func(text []byte) (all []Known, torn int, err error) {
		l, err := parseLines("f", text)
		return l.all, l.torn, err
	}
)

const (
	MostFile = mostFile
	MostLine = mostLine
	MostKey  = mostKey
)
