package protocol

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxWords bounds the words of a search that count: each costs a look at all of a name.
const MaxWords = 8

// Words are what somebody looks for in names. One goroutine may use them at a time.
type Words struct {
	words [][]byte
	lower []byte // the name that was looked at last
}

// NewWords returns the words of a text: the first MaxWords of them.
func NewWords(text string) Words {
	words := bytes.Fields([]byte(strings.ToLower(text)))
	return Words{words: words[:min(len(words), MaxWords)]}
}

// In reports whether all words are in a name, in capitals or not. Where there is no word, they are in every name.
func (w *Words) In(name []byte) bool {
	w.lower = appendLower(w.lower[:0], name)
	return w.found()
}

// InString is In for a text.
func (w *Words) InString(name string) bool {
	w.lower = appendLower(w.lower[:0], name)
	return w.found()
}

func (w *Words) found() bool {
	for _, word := range w.words {
		if !bytes.Contains(w.lower, word) {
			return false
		}
	}
	return true
}

// appendLower appends a name in small letters. Most names are ASCII, which takes no time.
func appendLower[T string | []byte](to []byte, name T) []byte {
	for i := range len(name) {
		b := name[i]
		switch {
		case b >= utf8.RuneSelf:
			for _, r := range string(name[i:]) {
				to = utf8.AppendRune(to, unicode.ToLower(r))
			}
			return to
		case 'A' <= b && b <= 'Z':
			b += 'a' - 'A'
		}
		to = append(to, b)
	}
	return to
}
