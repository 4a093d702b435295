package store

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// twins keeps names apart that are one name to some disks, which do not tell upper from lower case.
// Nothing is probed: only where a file is about to be replaced, it is compared with what came under
// the other names. Most names have no twin, and cost a look into a map of those that have.
type twins struct {
	root   *os.Root
	places places

	mu    sync.Mutex
	all   map[string][]string // by folded name: those of which there are several
	there map[string]bool     // of these: they are in their places
}

// newTwins returns the twins among the names of items. Those that are in their places already are
// kept as well.
func newTwins(root *os.Root, names [][]string, kept []string) *twins {
	t := &twins{root: root, all: map[string][]string{}, there: map[string]bool{}}
	t.places.names = slices.Clone(kept)
	first := make(map[string]string, len(names)+len(kept))
	add := func(name string) {
		key := folded(name)
		if len(t.all[key]) > 0 {
			t.all[key] = append(t.all[key], name)
		} else if other, known := first[key]; known {
			t.all[key] = []string{other, name}
		} else {
			first[key] = name
		}
	}
	for _, of := range names {
		for _, name := range of {
			add(name)
		}
	}
	for _, name := range kept {
		add(name)
		t.there[name] = true
	}
	return t
}

// put has a file put under a name, unless it would take the place of one that came under a twin of
// that name. Twins are put one at a time.
func (t *twins) put(name string, place func() error) error {
	err := t.putOne(name, place)
	if err == nil {
		t.places.add(name)
	}
	return err
}

func (t *twins) putOne(name string, place func() error) error {
	if len(t.all) == 0 {
		return place()
	}
	all := t.all[folded(name)]
	if len(all) == 0 {
		return place()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if there, err := t.root.Lstat(name); err == nil {
		for _, other := range all {
			if other == name || !t.there[other] {
				continue
			}
			if info, err := t.root.Lstat(other); err == nil && os.SameFile(info, there) {
				return &twinError{other}
			}
		}
	}
	err := place()
	t.there[name] = t.there[name] || err == nil
	return err
}

// twinError says that a file under another name is in the place.
type twinError struct{ other string }

func (e *twinError) Error() string {
	return fmt.Sprintf("on this disk it is the same name as %q", e.other)
}

// folded returns the form of a name that is the same for all its twins.
func folded(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return norm.NFC.String(cases.Fold().String(name))
		}
	}
	return strings.ToLower(name)
}
