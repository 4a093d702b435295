package relay

import (
	"bytes"
	"runtime"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Search tells which names an overview has: those that match a pattern, or that have some words in them, in capitals
// or not.
type Search struct {
	pattern *protocol.Pattern // nil: there are words
	words   protocol.Words
}

// NewSearch returns the search for a text: a pattern, or words. A pattern that means nothing, as with a bracket that is not
// closed, is words: there are such names. Every name has the words of a text without any.
func NewSearch(text string) *Search {
	if protocol.IsPattern(text) && protocol.CheckPattern(text) == nil {
		pattern := protocol.NewPattern(text)
		return &Search{pattern: &pattern}
	}
	return &Search{words: protocol.NewWords(text)}
}

// Match reports whether a name is among them. One goroutine may call it at a time.
func (s *Search) Match(name []byte) bool {
	if s.pattern != nil {
		return s.pattern.Match(name)
	}
	return s.words.In(name)
}

// steps returns the work of all matching so far, where that is more than to look at the names once.
func (s *Search) steps() int {
	if s.pattern == nil {
		return 0
	}
	return s.pattern.Steps
}

// filesView is a page of the files that is being filled.
type filesView struct {
	listing
	limit int
	files []File
	work  int
}

// Files returns the files whose names are among those of a search, up to a limit, in the order of their numbers: that in
// which they were published, but for numbers that are used again. The next cursor leads to the rest; nil: there is none.
// It may come with few files, or none, for one call looks at a bounded part of them. A file that is there from the first page
// to the last is in exactly one of them.
func (r *Registry) Files(at roles.Moment, cursor []byte, limit int, search *Search) (files []File, next []byte) {
	v := filesView{listing: listing{r: r}, limit: limit}
	number := uint32(0)
	r.slice(func() int {
		v.now = r.begin(at).Now
		v.end = r.index.items.Size()
		number = min(r.parseListCursor(cursor), v.end)
		return 1
	})
	for begun := search.steps(); number < v.end && v.work < viewMost && len(v.files) < limit && search.steps()-begun <= viewSteps; {
		number = v.pass(number, search)
	}
	if number >= v.end {
		return v.files, nil
	}
	return v.files, r.listCursor(number)
}

// pass looks at a slice of the items, and returns the number at which the next one begins.
func (v *filesView) pass(number uint32, search *Search) (next uint32) {
	var some []candidate
	v.r.slice(func() int {
		some, next = v.namesFrom(number, min(v.end, number+viewSlice))
		work := int(next - number)
		v.work += work
		return work
	})
	found, steps := some[:0], search.steps()
	for _, one := range some {
		if search.Match(one.name) {
			found = append(found, one)
		}
		if search.steps() > steps+sliceSteps {
			steps = search.steps()
			runtime.Gosched()
		}
	}
	for len(found) > 0 {
		rest := v.add(found)
		if len(v.files) == v.limit && len(rest) > 0 {
			return rest[0].number
		}
		found = rest
	}
	return next
}

// add adds files in a slice, as long as they are still there, and returns those for which the next slice is. There may be
// no room for them.
func (v *filesView) add(found []candidate) (rest []candidate) {
	v.r.slice(func() (work int) {
		x := &v.r.index
		for ; len(found) > 0 && work < viewSlice; found = found[1:] {
			work++
			number := found[0].number
			it := x.items.At(number)
			if it.count == 0 || !bytes.Equal(x.nameOf(number), found[0].name) {
				continue
			}
			if len(v.files) == v.limit {
				break
			}
			holders, looked, modified := v.r.holdersOf(it, v.now)
			work += looked
			if holders == 0 {
				continue
			}
			file := File{Name: string(found[0].name), Size: it.size, Hash: it.hash, Mark: it.mark, Modified: modified, Holders: holders}
			x.byName.Find(x.digest(found[0].name), func(other uint32) bool {
				if work++; bytes.Equal(x.nameOf(other), found[0].name) {
					file.Variants++
				}
				return false
			})
			v.files = append(v.files, file)
		}
		v.work += work
		return work
	})
	return found
}

// holdersOf counts the active holders of an item, and returns the date that was published last. It looks at some of its holds,
// and counts the others as active.
func (r *Registry) holdersOf(it *item, now time.Duration) (holders, looked int, modified uint64) {
	var last *hold
	at := it.first
	for ; looked < int(min(it.count, viewHolds)); looked++ {
		h := r.index.holds.At(at)
		if _, lease := r.active(h, now); lease != nil {
			holders++
			if last == nil || h.isAfter(last) {
				last, modified = h, h.modified()
			}
		}
		at = h.next
	}
	return holders + int(it.count) - looked, looked, modified
}
