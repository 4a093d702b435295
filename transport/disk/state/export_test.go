package state

import (
	"errors"
	"os"
	"time"
)

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

// ParseAdmitFiles reads a text as each of the files of a closed relay. Its error says that an entry is
// not written again as it was read.
func ParseAdmitFiles(text []byte) error {
	listed, _, _ := parseListed("f", text)
	for _, one := range listed {
		if !one.ID.Sound() || CheckName(one.Name) != nil {
			return errors.New("an unsound entry")
		}
	}
	tokens, _, _ := parseTokens("f", text)
	for _, one := range tokens {
		if again, _, err := parseTokens("f", one.line()); err != nil || len(again) != 1 || again[0] != one {
			return errors.New("another token")
		}
	}
	members, _, _ := parseMembers("f", text)
	for _, one := range members {
		if again, _, err := parseMembers("f", one.line()); err != nil || len(again) != 1 || again[0] != one {
			return errors.New("another member")
		}
	}
	revoked, _, _ := parseRevoked("f", text)
	for _, one := range revoked {
		if again, _, err := parseRevoked("f", one.line()); err != nil || len(again) != 1 || again[0] != one {
			return errors.New("another revocation")
		}
	}
	return nil
}

// Tried returns when the files of the command line were read last.
func (a *Admission) Tried() time.Time {
	a.reading.Lock()
	defer a.reading.Unlock()
	return a.tried
}

// TryAgain is how often files that cannot be read are tried again.
const TryAgain = tryAgain
