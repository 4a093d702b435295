package share

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// cause is a [transport.Reason] as a number.
type cause uint8

// The causes.
const (
	byHidden cause = iota
	byName
	byLength
	byClash
	byKind
	byLink
	byDenial
	byFailure
	byChanges
	bySize
	byLimit
	byOwner

	causes
)

var reasons = [causes]transport.Reason{
	transport.ReasonHidden, transport.ReasonName, transport.ReasonLong, transport.ReasonClash, transport.ReasonKind,
	transport.ReasonLink, transport.ReasonDenied, transport.ReasonUnreadable, transport.ReasonChanging,
	transport.ReasonLarge, transport.ReasonLimit, transport.ReasonOwn,
}

// mostShownPath bounds the bytes of a path that is told. A folder's name is at most protocol.MaxName bytes
// long, and what is in it has a component more.
const mostShownPath = protocol.MaxName + 1 + protocol.MaxComponent

// excluded is what is not shared by its name or its kind, by the folders in which it was found. What cannot
// be hashed is not among it: see unread. The scanner alone changes it.
type excluded struct {
	mu      sync.Mutex
	counts  [causes]int
	kept    int                    // paths of all folders together
	folders map[*exclusions]string // the names of those that keep paths
}

// exclusions are what is not shared of what is in a folder.
type exclusions struct {
	counts [causes]int
	all    int
	kept   map[string]exclusion // some of them, by their names in the folder; "": the folder itself
}

// exclusion is a path that is not shared.
type exclusion struct {
	cause    cause
	why      string
	isFolder bool
}

// add adds what a read of a folder has found. The folder's own is not complete before that has ended.
func (x *exclusions) add(base string, what exclusion) {
	x.counts[what.cause]++
	x.all++
	if len(x.kept) >= transport.MaxUnshared {
		return
	}
	if x.kept == nil {
		x.kept = map[string]exclusion{}
	}
	x.kept[base] = what
}

// replace has what the latest read of a folder found take the place of what was known of it.
func (x *excluded) replace(d *dir, with *exclusions) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if d.excluded == nil && with.all == 0 {
		return
	}
	x.forget(d)
	if with.all == 0 {
		return
	}
	for base := range with.kept {
		if x.kept+len(with.kept) <= transport.MaxUnshared {
			break
		}
		delete(with.kept, base)
	}
	for of, count := range with.counts {
		x.counts[of] += count
	}
	x.kept += len(with.kept)
	d.excluded = with
	x.enlist(d)
}

// enlist lists a folder if it keeps paths. The caller holds the mutex.
func (x *excluded) enlist(d *dir) {
	if len(d.excluded.kept) == 0 {
		delete(x.folders, d.excluded)
		return
	}
	if x.folders == nil {
		x.folders = map[*exclusions]string{}
	}
	x.folders[d.excluded] = d.name
}

// drop forgets what is known of a folder.
func (x *excluded) drop(d *dir) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(d)
}

// forget forgets what is known of a folder. The caller holds the mutex.
func (x *excluded) forget(d *dir) {
	if d.excluded == nil {
		return
	}
	for of, count := range d.excluded.counts {
		x.counts[of] -= count
	}
	x.kept -= len(d.excluded.kept)
	delete(x.folders, d.excluded)
	d.excluded = nil
}

// set notes what a look at a single name in a folder has found; nil: that it is shared or gone. Of names that
// are counted only nobody knows whether this is one: the next read of the folder counts them anew.
func (x *excluded) set(d *dir, base string, what *exclusion) {
	x.mu.Lock()
	defer x.mu.Unlock()
	own := d.excluded
	if own != nil {
		if was, is := own.kept[base]; is {
			x.count(own, was.cause, -1)
			x.kept--
			delete(own.kept, base)
		} else if own.all > len(own.kept) {
			return
		}
	}
	if what != nil && x.kept < transport.MaxUnshared {
		if own == nil {
			own = &exclusions{}
			d.excluded = own
		}
		own.add(base, *what)
		x.counts[what.cause]++
		x.kept++
	}
	if own == nil {
		return
	}
	if x.enlist(d); own.all == 0 {
		d.excluded = nil
	}
}

// count counts what is excluded from a folder. The caller holds the mutex.
func (x *excluded) count(own *exclusions, of cause, by int) {
	own.counts[of] += by
	own.all += by
	x.counts[of] += by
}

// sum returns how many paths are excluded, by the cause.
func (x *excluded) sum() [causes]int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.counts
}

// tell adds what is kept to a list.
func (x *excluded) tell(list []Unshared) []Unshared {
	x.mu.Lock()
	defer x.mu.Unlock()
	for own, in := range x.folders {
		for base, what := range own.kept {
			list = append(list, what.asTold(in, base))
		}
	}
	return list
}

func (e exclusion) asTold(folder, base string) Unshared {
	path := child(folder, base)
	switch {
	case base == "" && folder == "":
		path = "."
	case base == "":
		path = folder
	}
	if e.isFolder {
		path += "/"
	}
	return Unshared{Path: protocol.Printable(path, mostShownPath), Why: e.why, Reason: reasons[e.cause]}
}

// exclude notes that a name in the folder that is being read or looked at is not shared.
func (s *scanner) exclude(name string, by cause, why string, isFolder bool) {
	_, base := parent(name)
	switch what := (exclusion{by, why, isFolder}); {
	case s.found != nil:
		s.found.add(base, what)
	case s.lookedAt != nil:
		s.excluded.set(s.lookedAt, base, &what)
	}
}

// cutShort notes that a folder could not be read, or not to its end, unless it is gone.
func (s *scanner) cutShort(err error) {
	if s.found != nil && err != io.EOF && !errors.Is(err, fs.ErrNotExist) {
		s.found.add("", exclusion{causeOfError(err), disk.Reason(err).Error(), true})
	}
}

// causeOfError returns the cause that an error of the system is.
func causeOfError(err error) cause {
	if errors.Is(err, fs.ErrPermission) {
		return byDenial
	}
	return byFailure
}

// whyHidden returns why a name is not shown to others.
func whyHidden(name string) string {
	if disk.Unfinished(name) {
		return "an unfinished file"
	}
	return "its name begins with a dot"
}

// causeOf returns the cause of a name's being refused for a reason.
func causeOf(name, why string) cause {
	if why == inBothForms {
		return byClash
	}
	composed := protocol.Composed(name)
	if len(composed) > protocol.MaxName {
		return byLength
	}
	for component := range strings.SplitSeq(composed, "/") {
		if len(component) > protocol.MaxComponent {
			return byLength
		}
	}
	return byName
}
