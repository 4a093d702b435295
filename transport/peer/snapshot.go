package peer

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/bits"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// Snapshot is what was published at one moment: each name once, with the content that most nodes had
// under it. It does not change. Its methods may be called from any goroutine, and ask nobody.
type Snapshot struct {
	Covers Coverage  // how much of what there is it is
	Taken  time.Time // when the relay had told all of it

	names []Published // sorted
	marks []running   // the sums of all names before each markEvery-th
}

// Published is a name and the content that most nodes have under it.
type Published struct {
	Name            string
	client.Identity        // zero: no node knows the content, or none yet
	Modified        uint64 // as of client.Offer
	Nodes           uint32 // that have it
	Contents        uint32 // of the name
}

// ModTime returns when the file was last changed, as one of its nodes says; zero: that is not said.
func (p *Published) ModTime() time.Time { return protocol.TimeOf(p.Modified) }

func (p *Published) info() info {
	return info{name: path.Base(p.Name), size: p.Size, modified: p.ModTime()}
}

// Sum is of several files.
type Sum struct {
	Files int
	Bytes uint64
}

// Snapshot asks the relay once for all names that are published. It fails with ErrTooMany where these are
// more than most; 0 stands for as many as ListAll takes. Its memory is some 90 bytes a name, and the name.
func (c *Client) Snapshot(ctx context.Context, most int) (*Snapshot, error) {
	return c.snapshot(ctx, most, func(Named) bool { return true })
}

// snapshot makes a snapshot of what is wanted.
func (c *Client) snapshot(ctx context.Context, most int, wanted func(Named) bool) (*Snapshot, error) {
	may := budgetOf(cmp.Or(most, mostOffers))
	names, err := c.namesWithin(ctx, "", false, may)
	if err != nil {
		return nil, err
	}
	if err := may.spend(names.records.Len(), names.records.Bytes()); err != nil {
		return nil, errors.Join(err, names.Close())
	}
	s := &Snapshot{Covers: names.Covers, Taken: time.Now(), names: make([]Published, 0, names.records.Len())}
	if err := errors.Join(s.take(names, wanted), names.Close()); err != nil {
		return nil, err
	}
	return s, nil
}

// take takes the names that are wanted. The content that most nodes have is the first of its name.
func (s *Snapshot) take(names *Names, wanted func(Named) bool) error {
	var texts packed
	for one, err := range names.All() {
		if err != nil {
			return err
		}
		if last := len(s.names) - 1; !wanted(one) || last >= 0 && s.names[last].Name == one.Name {
			continue
		}
		s.names = append(s.names, Published{
			Name: texts.add(one.Name), Identity: one.Identity, Modified: one.Modified,
			Nodes: uint32(min(one.Count, 1<<32-1)), Contents: uint32(one.Contents),
		})
	}
	s.mark()
	return nil
}

// packed keeps texts in few blocks of memory, which the collector need not follow one by one.
type packed struct{ block strings.Builder }

const packedBlock = 1 << 20

func (p *packed) add(text string) string {
	if p.block.Cap()-p.block.Len() < len(text) {
		p.block = strings.Builder{}
		p.block.Grow(max(packedBlock, len(text)))
	}
	from := p.block.Len()
	p.block.WriteString(text)
	return p.block.String()[from:]
}

// Len returns the number of names.
func (s *Snapshot) Len() int { return len(s.names) }

// All returns the names, sorted. They are not to be changed.
func (s *Snapshot) All() []Published { return s.names }

// Find returns what is published under a name.
func (s *Snapshot) Find(name string) (Published, bool) {
	at, found := find(s.names, name)
	if !found {
		return Published{}, false
	}
	return s.names[at], true
}

// Below returns the files in a folder and in those within it, sorted: they stand one after the other. The
// empty folder has all. They are not to be changed.
func (s *Snapshot) Below(folder string) []Published {
	from, to := s.span(folder)
	return s.names[from:to]
}

// span returns where the files of a folder begin and end.
func (s *Snapshot) span(folder string) (from, to int) {
	if folder == "" {
		return 0, len(s.names)
	}
	from, _ = find(s.names, folder+"/")
	return from, from + within(s.names[from:], folder)
}

// find returns where a name is or would be.
func find(files []Published, name string) (at int, found bool) {
	return slices.BinarySearchFunc(files, name, func(p Published, name string) int { return strings.Compare(p.Name, name) })
}

// within returns how many of the files, from the first one on, are in a folder.
func within(files []Published, folder string) int {
	end, _ := find(files, folder+afterSlash)
	return end
}

// afterSlash is the character that follows the slash.
const afterSlash = string(rune('/' + 1))

// running are the sums of some names, of all and of those that are not hidden.
type running struct{ all, visible tally }

// tally is a sum that does not overflow: sizes are claims, and four of them may be 2^64.
type tally struct {
	files     int
	high, low uint64 // bytes
}

func (t *tally) add(size uint64) {
	var carry uint64
	t.low, carry = bits.Add64(t.low, size, 0)
	t.high += carry
	t.files++
}

// since returns what has been added since a tally was another one. More bytes than a Sum can have are as many as it can.
func (t *tally) since(before *tally) Sum {
	low, borrow := bits.Sub64(t.low, before.low, 0)
	if t.high-before.high-borrow > 0 {
		low = math.MaxUint64
	}
	return Sum{t.files - before.files, low}
}

// markEvery is how many names are summed up at most at each end of a part of the list.
const markEvery = 256

// mark makes the marks.
func (s *Snapshot) mark() {
	var m running
	for i := range s.names {
		if i%markEvery == 0 {
			s.marks = append(s.marks, m)
		}
		m.add(&s.names[i])
	}
	s.marks = append(s.marks, m) // it is asked for if the names end here
}

func (m *running) add(p *Published) {
	m.all.add(p.Size)
	if !protocol.Hidden(p.Name) {
		m.visible.add(p.Size)
	}
}

// before returns the sums of all names before one.
func (s *Snapshot) before(at int) running {
	m := s.marks[at/markEvery]
	for i := at / markEvery * markEvery; i < at; i++ {
		m.add(&s.names[i])
	}
	return m
}

// Sum returns what is in a folder and in those within it: all, or what is not hidden, of which there is
// none in a hidden folder.
func (s *Snapshot) Sum(folder string, hidden bool) Sum {
	from, to := s.span(folder)
	return s.between(from, to, hidden)
}

func (s *Snapshot) between(from, to int, hidden bool) Sum {
	first, last := s.before(from), s.before(to)
	if hidden {
		return last.all.since(&first.all)
	}
	return last.visible.since(&first.visible)
}
