package peer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"iter"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/disk/extsort"
)

// Names are published names, sorted, each content of each once. They take a constant amount of
// memory: what is more lies in a temporary file.
type Names struct {
	Covers Coverage // how much of what there is they are

	within  *budget        // what they may be when they are in memory; nil: any number
	records extsort.Sorter // see add
	buffer  []byte
}

// Named is a content of a name, and how many contents the name has.
type Named struct {
	client.Offer
	Contents int
}

// Names returns all that List does, sorted by name, and the contents of one name by what most nodes
// have, the unknown one last. While there may soon be more it lists again, for as long as the client
// waits. The names are to be closed.
func (c *Client) Names(ctx context.Context, pattern string, holders bool) (*Names, error) {
	return c.namesWithin(ctx, pattern, holders, nil)
}

func (c *Client) namesWithin(ctx context.Context, pattern string, holders bool, may *budget) (*Names, error) {
	n := newNames(extsort.DefaultMemory, may)
	var err error
	stopped := c.Await(ctx, func() Awaited {
		if err = c.listInto(ctx, pattern, holders, n); err != nil {
			return Awaited{}
		}
		return n.Covers.Awaited()
	})
	if err = cmp.Or(err, stopped); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// newNames returns no names. They will be sorted in so much memory, and stay within a budget.
func newNames(memory int, within *budget) *Names {
	return &Names{within: within, records: extsort.Sorter{Memory: memory}}
}

// listInto makes names those that are listed now.
func (c *Client) listInto(ctx context.Context, pattern string, holders bool, n *Names) error {
	if err := n.records.Reset(); err != nil {
		return diskError(err)
	}
	n.Covers = Coverage{}
	for offer, err := range c.list(ctx, pattern, holders, &n.Covers) {
		if err == nil {
			err = n.add(offer)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// absorb adds other names.
func (n *Names) absorb(others *Names) error {
	if n.Empty() {
		n.records, others.records = others.records, n.records
		return nil
	}
	for record, err := range others.records.All() {
		if err == nil {
			err = n.records.Add(record)
		}
		if err != nil {
			return diskError(err)
		}
	}
	return nil
}

// Empty reports whether there is none.
func (n *Names) Empty() bool { return n.records.Len() == 0 }

// Close removes the temporary file.
func (n *Names) Close() error { return diskError(n.records.Close()) }

// All returns the names, as often as one likes. An error ends them.
func (n *Names) All() iter.Seq2[Named, error] {
	return func(yield func(Named, error) bool) {
		of := contents{yield: yield, more: extsort.Sorter{Memory: n.records.Memory}}
		defer of.more.Close()
		var name, last []byte
		for record, err := range n.records.All() {
			if err != nil {
				yield(Named{}, diskError(err))
				return
			}
			end := bytes.IndexByte(record, 0)
			if end < 0 || len(record) < end+1+identitySize+countSize+dateSize {
				yield(Named{}, diskError(errNoRecord))
				return
			}
			content := record[end+1:]
			if !bytes.Equal(name, record[:end]) {
				if !of.end(string(name)) {
					return
				}
				name, last = append(name[:0], record[:end]...), last[:0]
			}
			if bytes.Equal(last, content[:identitySize]) {
				continue // of the same the one with most nodes is the first
			}
			last = append(last[:0], content[:identitySize]...)
			if err := of.add(content); err != nil {
				yield(Named{}, diskError(err))
				return
			}
		}
		of.end(string(name))
	}
}

// contents are those of one name. Most names have one, which costs no sorting.
type contents struct {
	yield func(Named, error) bool
	first []byte         // the record of the first; empty: there is none
	more  extsort.Sorter // all of them, if there are several
	next  []byte
}

// add adds what a record of a name says of a content.
func (c *contents) add(content []byte) error {
	if len(c.first) == 0 {
		c.first = appendByCount(c.first, content)
		return nil
	}
	if c.more.Len() == 0 {
		if err := c.more.Add(c.first); err != nil {
			return err
		}
	}
	c.next = appendByCount(c.next[:0], content)
	return c.more.Add(c.next)
}

// end yields the contents of a name, and forgets them. It reports whether more are wanted.
func (c *contents) end(name string) bool {
	first := c.first
	c.first = first[:0]
	switch {
	case len(first) == 0:
		return true
	case c.more.Len() == 0:
		return c.tell(name, first, 1)
	}
	for record, err := range c.more.All() {
		if err != nil {
			c.yield(Named{}, diskError(err))
			return false
		}
		if !c.tell(name, record, c.more.Len()) {
			return false
		}
	}
	if err := c.more.Reset(); err != nil {
		c.yield(Named{}, diskError(err))
		return false
	}
	return true
}

// tell yields one of so many contents of a name. It reports whether more are wanted.
func (c *contents) tell(name string, record []byte, of int) bool {
	offer, err := contentOf(name, record)
	if err != nil {
		c.yield(Named{}, diskError(err))
		return false
	}
	return c.yield(Named{offer, of}, nil)
}

func (n *Names) add(offer client.Offer) error {
	b := append(append(n.buffer[:0], offer.Name...), 0)
	b = append(b, offer.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, offer.Size)
	b = binary.BigEndian.AppendUint64(b, ^offer.Count)
	date := protocol.PackDate(offer.Modified)
	b = append(b, date[:]...)
	for _, node := range offer.Holders {
		b = appendNode(b, node)
	}
	n.buffer = b
	if n.within != nil && n.within.exceeded(n) {
		return n.within.tooMany()
	}
	return diskError(n.records.Add(b))
}

// diskError returns an error of the temporary file as one of this package's.
func diskError(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: ErrDisk, Code: protocol.Disk, By: protocol.Client, Text: err.Error(), Err: err}
}
