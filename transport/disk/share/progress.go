package share

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// Progress, Hashing and Unshared are what a Folder tells as a [transport.Described].
type (
	Progress = transport.Progress
	Hashing  = transport.Hashing
	Unshared = transport.Unshared
)

var _ transport.Described = (*Folder)(nil)

// Progress implements [transport.Described].
func (s *Folder) Progress() Progress {
	p := s.scans.look()
	p.Away = s.ground.Load().root == nil
	counts := s.excluded.sum()
	s.mu.Lock()
	p.Files, p.Known, p.Bytes, p.KnownBytes = s.count, s.known, s.bytes, s.knownBytes
	p.Unread = s.opaque
	p.Waiting = s.count - s.known - s.opaque
	p.Hashing, p.AllHashing = s.hashing()
	for of, count := range s.unread.counts {
		counts[of] += count
	}
	s.mu.Unlock()
	for of, count := range counts {
		if count > 0 {
			p.Unshared += count
			p.Reasons = append(p.Reasons, transport.ReasonCount{Reason: reasons[of], Count: count})
		}
	}
	slices.SortStableFunc(p.Reasons, func(a, b transport.ReasonCount) int { return cmp.Compare(b.Count, a.Count) })
	return p
}

// hashing returns the largest of the files that are being hashed, and how many they are. The caller holds the
// mutex.
func (s *Folder) hashing() (largest []Hashing, all int) {
	bySize := func(a, b *job) int {
		return cmp.Or(cmp.Compare(b.signature.Size, a.signature.Size), strings.Compare(a.name, b.name))
	}
	var top []*job
	for _, j := range s.jobs {
		if !j.opened && j.flying == 0 {
			continue
		}
		all++
		at, _ := slices.BinarySearchFunc(top, j, bySize)
		top = slices.Insert(top, at, j)
		top = top[:min(len(top), transport.MaxHashing)]
	}
	for _, j := range top {
		size := uint64(j.signature.Size)
		largest = append(largest, Hashing{
			Name: protocol.Printable(j.name, mostShownPath), Done: min(j.done.Load(), size), Size: size, Asked: j.waiters > 0,
		})
	}
	return largest, all
}

// Unshared implements [transport.Described].
func (s *Folder) Unshared(most int) (all int, some []Unshared) {
	list := s.excluded.tell(nil)
	for _, count := range s.excluded.sum() {
		all += count
	}
	s.mu.Lock()
	list = s.listUnread(list)
	for _, count := range s.unread.counts {
		all += count
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b Unshared) int { return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Why, b.Why)) })
	return max(all, len(list)), list[:min(len(list), max(most, 0), transport.MaxUnshared)]
}

// scans is what the scanner tells of its walks.
type scans struct {
	mu sync.Mutex
	of Progress // as far as the scanner knows it
}

func (s *scans) look() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of
}

// tellScans tells how far the scanner is.
func (s *scanner) tellScans(walking bool) {
	s.scans.mu.Lock()
	defer s.scans.mu.Unlock()
	of := &s.scans.of
	of.Folders, of.Watched = len(s.folders), len(s.folders)-len(s.deaf)
	of.Walking, of.Walked, of.WalkTook, of.NextWalk = walking, s.ended, s.took, s.dueAt
	if of.Walks = uint64(s.walks); walking {
		of.Walks--
		of.NextWalk = time.Time{}
	}
}

// tellFolders tells how many folders there are, in the midst of a walk.
func (s *scanner) tellFolders() {
	s.scans.mu.Lock()
	defer s.scans.mu.Unlock()
	s.scans.of.Folders, s.scans.of.Watched = len(s.folders), len(s.folders)-len(s.deaf)
}
