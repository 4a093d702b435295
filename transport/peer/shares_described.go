package peer

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/relaypeer/relaypeer/transport"
)

var _ transport.Described = Shares{}

// described yields the shares that can say how far they are, with what stands before their names.
func (s Shares) described(yield func(prefix string, part transport.Described) bool) {
	for _, key := range slices.Sorted(maps.Keys(s)) {
		part, can := s[key].(transport.Described)
		prefix := key
		if !strings.HasSuffix(key, "/") {
			prefix = "" // the file has its whole name there, too
		}
		if can && !yield(prefix, part) {
			return
		}
	}
}

// Progress implements [transport.Described], for the shares that do. The last walk is the one that ended
// first of all shares' last ones, the next is the first.
func (s Shares) Progress() (all transport.Progress) {
	counts, first := map[transport.Reason]int{}, true
	for prefix, part := range s.described {
		p := part.Progress()
		for at := range p.Hashing {
			p.Hashing[at].Name = prefix + p.Hashing[at].Name
		}
		for _, of := range p.Reasons {
			counts[of.Reason] += of.Count
		}
		all.Files, all.Known = all.Files+p.Files, all.Known+p.Known
		all.Bytes, all.KnownBytes = all.Bytes+p.Bytes, all.KnownBytes+p.KnownBytes
		all.Waiting, all.Unread = all.Waiting+p.Waiting, all.Unread+p.Unread
		all.Hashing, all.AllHashing = append(all.Hashing, p.Hashing...), all.AllHashing+p.AllHashing
		all.Folders, all.Watched = all.Folders+p.Folders, all.Watched+p.Watched
		all.Unshared += p.Unshared
		all.Walking, all.Away = all.Walking || p.Walking, all.Away || p.Away
		all.WalkTook = max(all.WalkTook, p.WalkTook)
		if first || p.Walked.Before(all.Walked) {
			all.Walked = p.Walked
		}
		if all.NextWalk.IsZero() || !p.NextWalk.IsZero() && p.NextWalk.Before(all.NextWalk) {
			all.NextWalk = p.NextWalk
		}
		if first || p.Walks < all.Walks {
			all.Walks = p.Walks
		}
		first = false
	}
	slices.SortStableFunc(all.Hashing, func(a, b transport.Hashing) int { return cmp.Compare(b.Size, a.Size) })
	all.Hashing = all.Hashing[:min(len(all.Hashing), transport.MaxHashing)]
	for _, reason := range transport.Reasons() {
		if counts[reason] > 0 {
			all.Reasons = append(all.Reasons, transport.ReasonCount{Reason: reason, Count: counts[reason]})
		}
	}
	slices.SortStableFunc(all.Reasons, func(a, b transport.ReasonCount) int { return cmp.Compare(b.Count, a.Count) })
	return all
}

// Unshared implements [transport.Described], for the shares that do.
func (s Shares) Unshared(most int) (all int, some []transport.Unshared) {
	most = max(0, min(most, transport.MaxUnshared))
	for prefix, part := range s.described {
		count, paths := part.Unshared(most)
		all += count
		for _, path := range paths {
			path.Path = prefix + path.Path
			some = append(some, path)
		}
		slices.SortFunc(some, func(a, b transport.Unshared) int { return strings.Compare(a.Path, b.Path) })
		some = some[:min(len(some), most)]
	}
	return all, some
}
