package peer

import (
	"iter"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
)

// Entry is what a folder has: a file, or a folder within it.
type Entry struct {
	Name   string // within the folder
	Folder bool
	File   *Published // of a file, which is not to be changed; nil of a folder
	Sum               // of a folder: what is in it, and in those within it
}

// Entries returns what a folder has, in the order of the whole names: where both a file and a folder have
// one name, these are two. Without hidden, names that begin with a dot are left out, and what is below
// them does not count; but in a hidden folder everything is shown.
func (s *Snapshot) Entries(folder string, hidden bool) iter.Seq[Entry] {
	prefix := ""
	if folder != "" {
		prefix = folder + "/"
	}
	hidden = hidden || protocol.Hidden(prefix)
	return func(yield func(Entry) bool) {
		for at, end := s.span(folder); at < end; {
			name, _, deeper := strings.Cut(s.names[at].Name[len(prefix):], "/")
			next := at + 1
			if deeper {
				next = at + within(s.names[at:end], prefix+name)
			}
			if hidden || !protocol.Hidden(name) {
				if !s.yield(yield, name, deeper, at, next, hidden) {
					return
				}
			}
			at = next
		}
	}
}

// yield yields a file, or a folder of which something is shown.
func (s *Snapshot) yield(yield func(Entry) bool, name string, folder bool, from, to int, hidden bool) bool {
	if !folder {
		return yield(Entry{Name: name, File: &s.names[from]})
	}
	sum := s.between(from, to, hidden)
	return sum.Files == 0 || yield(Entry{Name: name, Folder: true, Sum: sum})
}
