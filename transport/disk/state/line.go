package state

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/relaypeer/relaypeer/protocol"
)

// Known is a relay that is known: a line of known_relays.
type Known struct {
	Address string // in the form of protocol.NormalAddress
	ID      protocol.PeerID
	Date    time.Time // in whole seconds
	How     string    // how the id became known: FirstContact, Pinned, Invited or another word
	File    string    // "" in memory
	Line    int       // from 1
}

// How a relay's id became known.
const (
	FirstContact = "first-contact" // it was the first that proved to be at this address
	Pinned       = "pinned"        // the user said it
	Invited      = "invite"        // an invite said it
)

const (
	mostFile = 16 << 20 // bytes of known_relays
	mostLine = 1 << 10  // bytes of one line

	dateForm = "2006-01-02T15:04:05Z"
)

// line returns a relay's line.
func (k Known) line() []byte {
	return []byte(k.Address + " " + k.ID.String() + " " + k.Date.UTC().Format(dateForm) + " " + k.How + "\n")
}

// isWord reports whether s has 1 to 32 lower-case letters, digits and hyphens, and begins with no hyphen.
func isWord(s string) bool {
	return s != "" && len(s) <= 32 && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// fieldsOf splits a line at its spaces and tabs. One that is empty or a comment has no fields.
func fieldsOf(line string) ([]string, error) {
	switch {
	case len(line) > mostLine:
		return nil, fmt.Errorf("it is longer than %d bytes", mostLine)
	case !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && unicode.IsControl(r) }):
		return nil, errors.New("it is no text")
	case strings.Trim(line, " \t") == "" || line[0] == '#':
		return nil, nil
	}
	return strings.Split(strings.ReplaceAll(line, "\t", " "), " "), nil
}

// parseLine reads a line without its end. One that is empty or a comment is none.
func parseLine(line string) (k Known, is bool, err error) {
	fields, err := fieldsOf(line)
	if len(fields) == 0 || err != nil {
		return k, false, err
	}
	if len(fields) != 4 {
		return k, false, errors.New("it is not HOST:PORT ID DATE HOW, with one space or tab in between")
	}
	if k.Address, err = protocol.NormalAddress(fields[0]); err != nil {
		return k, false, err
	}
	if k.ID, err = protocol.ParsePeerID(fields[1]); err != nil {
		return k, false, err
	}
	if k.Date, err = time.Parse(dateForm, fields[2]); err != nil {
		return k, false, fmt.Errorf("%q is no date like %s", fields[2], dateForm)
	}
	if k.How = fields[3]; !isWord(k.How) {
		return k, false, fmt.Errorf("%q is no word of lower-case letters", k.How)
	}
	return k, true, nil
}

// content is a file that has been read, to which lines are added.
type content struct {
	text []byte
	torn int // bytes at the end that a crash has left of a line
}

// grown returns how much of a file stays when lines are added to it, and the bytes that come behind that.
func (c content) grown(path string, added []byte) (kept int, behind []byte, err error) {
	kept, end := c.whole()
	if behind = slices.Concat([]byte(end), added); kept+len(behind) > mostFile {
		err = fmt.Errorf("%s: it would be larger than %d bytes", path, mostFile)
	}
	return kept, behind, err
}

// lines is a known_relays that has been read.
type lines struct {
	content
	all []Known
}

// eachLine calls take for each line of a file. A last line without an end that makes no sense is the
// beginning of one that a crash has kept from being written: it counts for nothing. Any other that makes
// none is an error, since it may be the one that was to keep somebody away.
func eachLine(path string, text []byte, take func(line string, number int, ended bool) error) (c content, err error) {
	c.text = text
	number := 0
	for line := range bytes.Lines(text) {
		number++
		whole, ended := bytes.CutSuffix(line, []byte("\n"))
		err := take(strings.TrimSuffix(string(whole), "\r"), number, ended)
		switch {
		case err != nil && !ended && len(line) <= mostLine:
			c.torn = len(line)
		case err != nil:
			return c, fmt.Errorf("%s:%d: %w: mend or remove this line", path, number, err)
		}
	}
	return c, nil
}

// parseLines reads known_relays.
func parseLines(path string, text []byte) (l lines, err error) {
	l.content, err = eachLine(path, text, func(line string, number int, _ bool) error {
		known, is, err := parseLine(line)
		if is {
			known.File, known.Line = path, number
			l.all = append(l.all, known)
		}
		return err
	})
	return l, err
}

// find returns the first line of an address: as in ssh's known_hosts, what is known first stays.
func (l lines) find(address string) (Known, bool) {
	for _, known := range l.all {
		if known.Address == address {
			return known, true
		}
	}
	return Known{}, false
}

// whole returns the text that a new line may follow: without a torn line, and with an end of the last.
func (c content) whole() (kept int, end string) {
	kept = len(c.text) - c.torn
	if kept > 0 && c.text[kept-1] != '\n' {
		end = "\n"
	}
	return kept, end
}

// without returns the text without the lines of an address, and how many they were.
func (l lines) without(address string) (text []byte, removed int) {
	drop := map[int]bool{}
	for _, known := range l.all {
		drop[known.Line] = known.Address == address
	}
	number := 0
	for line := range bytes.Lines(l.text) {
		if number++; drop[number] {
			removed++
			continue
		}
		text = append(text, line...)
	}
	return text, removed
}
