package share

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// Still is a share that does nothing by itself: it hashes nothing, and looks when it is told to.
type Still struct {
	scan    *scanner
	told    map[string]protocol.Entry // as a follower knows it
	again   string                    // an entry that told no news
	Extents []roles.Extent            // that it was told
	full    bool                      // no more folders can be watched
}

// NewStill returns a Still of a folder.
func NewStill(t *testing.T, folder string) *Still {
	t.Helper()
	still := &Still{told: map[string]protocol.Entry{}}
	s := &Folder{
		path: folder, options: Options{Rescan: time.Hour}, log: hclog.NewNullLogger(),
		walked: make(chan struct{}), indexed: make(chan struct{}),
		entries: newEntries(), followers: followers{}, doubts: newDoubts(),
	}
	if err := s.openGround(); err != nil {
		t.Fatal(err)
	}
	s.index = index.Open("", nil)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.hints = newHints(s.ground.Load().real, s.log, func() error {
		if still.full {
			return fmt.Errorf("no room")
		}
		return nil
	}, func() {})
	s.queue.open(&s.mu)
	s.followers[&follower{still.change, func(e roles.Extent) { still.Extents = append(still.Extents, e) }}] = struct{}{}
	still.scan = &scanner{Folder: s, tree: newTree(), passed: newPassed(), shut: map[string]bool{}, due: time.NewTimer(time.Hour), tellAt: time.NewTimer(time.Hour)}
	t.Cleanup(func() {
		still.scan.due.Stop()
		still.scan.tellAt.Stop()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return still
}

func (s *Still) change(e protocol.Entry) {
	before, there := s.told[e.Name]
	if gone := e.Hash.IsZero() && e.Mark == 0; there && before == e || !there && gone {
		s.again = fmt.Sprintf("%+v", e)
	} else if s.told[e.Name] = e; gone {
		delete(s.told, e.Name)
	}
}

// Walk looks at all.
func (s *Still) Walk() { s.scan.walk() }

// Look looks at some names, as at those that the system hints at.
func (s *Still) Look(names ...string) {
	for _, name := range names {
		s.scan.hints.touch(name)
	}
	s.scan.lookAtHints()
}

// Skim looks at the folders that have changed, as if hints had been lost.
func (s *Still) Skim() {
	s.scan.behind = true
	s.scan.skim()
}

// Fill has no more folders watched, or again.
func (s *Still) Fill(full bool) { s.full = full }

// TellNames has names told before their content is known.
func (s *Still) TellNames() { s.scan.tellNames() }

// Know has the share find that a file has a content.
func (s *Still) Know(name string, hash protocol.Hash) {
	s.scan.mu.Lock()
	defer s.scan.mu.Unlock()
	if e := s.scan.named(name); e != nil {
		s.scan.identify(e, index.Record{Signature: e.signature, Hash: hash})
	}
}

// Opaque has the share find that a file's content cannot be known.
func (s *Still) Opaque(name string) {
	s.scan.mu.Lock()
	defer s.scan.mu.Unlock()
	if e := s.scan.named(name); e != nil {
		s.scan.tellOpaque(e)
	}
}

// Due has all files that are put off be due, and what may be outdated told.
func (s *Still) Due() {
	s.scan.mu.Lock()
	for _, l := range s.scan.later {
		s.scan.mayBeOutdated(l.entry)
	}
	s.scan.mu.Unlock()
	s.scan.tellOutdated()
}

// Revoke has the share find that a file is not what it was hashed as.
func (s *Still) Revoke(name string) {
	s.scan.mu.Lock()
	e := s.scan.named(name)
	var r index.Record
	if e != nil {
		r = index.Record{Signature: e.signature, Hash: e.hash, Tree: e.tree}
	}
	s.scan.mu.Unlock()
	if !r.Hash.IsZero() {
		s.scan.revoke(r)
	}
}

// Holders returns the names that are known to have a content.
func (s *Still) Holders(hash protocol.Hash) []string { return s.scan.holders(hash) }

// each yields all names with their entries.
func (s *Still) each() iter.Seq2[string, *entry] {
	return func(yield func(string, *entry) bool) {
		for e := range s.scan.entries.all() {
			if !yield(s.scan.entryName(e), e) {
				return
			}
		}
	}
}

// Known returns the names that are known to have a content, by what is noted of each.
func (s *Still) Known(hash protocol.Hash) (names []string) {
	s.scan.mu.Lock()
	defer s.scan.mu.Unlock()
	for name, e := range s.each() {
		if e.known && e.hash == hash {
			names = append(names, name)
		}
	}
	return names
}

// Names returns the names, and what was seen of each.
func (s *Still) Names() map[string]index.Signature {
	s.scan.mu.Lock()
	defer s.scan.mu.Unlock()
	names := map[string]index.Signature{}
	for name, e := range s.each() {
		names[name] = e.signature
	}
	return names
}

// Waiting returns how many files were there at the start and have not been hashed.
func (s *Still) Waiting() int {
	s.scan.mu.Lock()
	defer s.scan.mu.Unlock()
	return s.scan.waiting
}

// Unsound returns what contradicts itself in what the share holds, or nothing.
func (s *Still) Unsound() string {
	s.scan.mu.Lock()
	defer s.scan.mu.Unlock()
	for _, part := range []func() string{s.heard, s.entries, s.contents, s.folders, s.aliases} {
		if why := part(); why != "" {
			return why
		}
	}
	return ""
}

// heard compares what followers were told with what is so.
func (s *Still) heard() string {
	want := map[string]protocol.Entry{}
	for name, e := range s.each() {
		if e.isTold() {
			want[name] = s.scan.asTold(e)
		}
		if e.known && e.is(restated) {
			return name + " is known, and told with another size or date"
		}
	}
	if s.again != "" || !maps.Equal(s.told, want) {
		return fmt.Sprintf("told of %v, not of %v; no news: %s", s.told, want, s.again)
	}
	return ""
}

func count(all []*entry, e *entry) (n int) {
	for _, one := range all {
		if one == e {
			n++
		}
	}
	return n
}

// entries checks the entries, and their counts.
func (s *Still) entries() string {
	known, waiting, opaque := 0, 0, 0
	for name, e := range s.each() {
		if s.scan.named(name) != e || s.scan.at(e.self) != e {
			return name + " is out of place"
		}
		held := 0
		for _, of := range s.scan.todo {
			held += count(of, e)
		}
		for _, l := range s.scan.later {
			held += count([]*entry{l.entry}, e)
		}
		for _, j := range s.scan.jobs {
			held += count(j.entries, e)
		}
		if _, is := s.scan.outdated.entries[e]; is {
			held++
		}
		if held != int(e.held) {
			return fmt.Sprintf("%s is held %d times, not %d", name, held, e.held)
		}
		if e.known {
			known++
		}
		if e.is(awaited) {
			waiting++
		}
		if e.mark == protocol.Opaque {
			opaque++
		}
		if e.known && (e.hash.IsZero() || e.mark != 0) || e.mark != 0 && !e.hash.IsZero() {
			return name + " is known and is not"
		}
		if !e.known && !e.queued && e.mark != protocol.Opaque {
			return name + " is forgotten"
		}
	}
	if f := s.scan.Folder; known != f.known || waiting != f.waiting || opaque != f.opaque {
		return fmt.Sprintf("%d are known, %d waited for, %d opaque, not %d, %d, %d", f.known, f.waiting, f.opaque, known, waiting, opaque)
	}
	return ""
}

// contents checks the chains of those that have a content.
func (s *Still) contents() string {
	seen := 0
	for name, one := range s.each() {
		if !one.known || one.before != 0 {
			continue
		}
		if s.scan.having(one.hash) != one {
			return name + " does not begin its chain"
		}
		for e := one; e != nil; e = s.scan.at(e.after) {
			if seen++; !e.known || e.hash != one.hash || e.in == 0 {
				return name + " is in a chain with one that it is not of"
			}
			if after := s.scan.at(e.after); after != nil && after.before != e.self {
				return name + " is in a chain that is torn"
			}
		}
	}
	if seen != s.scan.known {
		return fmt.Sprintf("%d are in chains, %d are known", seen, s.scan.known)
	}
	return ""
}

// folders checks the tree of folders, and what lies in each.
func (s *Still) folders() string {
	files, below := 0, 0
	for name, d := range s.scan.folders {
		if d.name != name || d.above != nil && (s.scan.folders[d.above.name] != d.above || len(d.above.below) == 0) {
			return name + " is a folder out of place"
		}
		if _, is := s.scan.deaf[d]; is == d.heard {
			return name + " is deaf and is not"
		}
		if s.scan.dirs[d.number-1] != d {
			return name + " is a folder without its number"
		}
		for e, previous := s.scan.at(d.files), link(0); e != nil; e, previous = s.scan.at(e.next), e.self {
			if files++; e.in != d.number || e.previous != previous {
				return s.scan.entryName(e) + " is in a folder that it is not in"
			}
		}
		for other := range d.below {
			if below++; other.above != d || s.scan.folders[other.name] != other {
				return other.name + " is below a folder that it is not below"
			}
		}
	}
	for d := range s.scan.deaf {
		if s.scan.folders[d.name] != d {
			return d.name + " is deaf, and gone"
		}
	}
	if files != s.scan.count || below != max(0, len(s.scan.folders)-1) {
		return fmt.Sprintf("%d of %d names, and %d of %d folders, are in a folder", files, s.scan.count, below, len(s.scan.folders))
	}
	return ""
}

// aliases checks the folders that are reached by links.
func (s *Still) aliases() string {
	linked, listed := 0, 0
	for _, d := range s.scan.folders {
		if d.linked() {
			linked++
		}
	}
	for real, all := range s.scan.tree.linked {
		for _, d := range all {
			if listed++; d.real != real || !d.linked() || s.scan.folders[d.name] != d {
				return d.name + " is linked elsewhere"
			}
		}
		if len(all) == 0 {
			return real + " is linked by none"
		}
	}
	if linked != listed || linked != s.scan.tree.aliases {
		return fmt.Sprintf("%d folders are linked, %d are listed, %d are counted", linked, listed, s.scan.tree.aliases)
	}
	return ""
}
