package peer

import (
	"cmp"
	"context"
	"encoding/binary"
	"iter"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/disk/extsort"
)

// Holders are nodes that have a file or may have it, sorted. They take a constant amount of memory:
// what is more lies in a temporary file.
type Holders struct {
	Covers Coverage // for how long the relay may lack nodes

	records extsort.Sorter // see add
	buffer  []byte
}

// Holders returns all that Who does, sorted by content and address; those that may have the file come
// last. While there is none and that may change by itself it asks again, for as long as the client
// waits. The holders are to be closed.
func (c *Client) Holders(ctx context.Context, request Request) (*Holders, error) {
	h := &Holders{}
	var err error
	stopped := c.Await(ctx, func() Awaited {
		if err = h.ask(ctx, c, request); err != nil || !h.Empty() {
			return Awaited{}
		}
		return h.Covers.Awaited()
	})
	if err = cmp.Or(err, stopped); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// ask adds the holders that the relay knows now.
func (h *Holders) ask(ctx context.Context, c *Client, request Request) error {
	h.Covers = Coverage{}
	for holder, err := range c.who(ctx, request, &h.Covers) {
		if err == nil {
			err = h.add(holder)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Empty reports whether there is none.
func (h *Holders) Empty() bool { return h.records.Len() == 0 }

// Close removes the temporary file.
func (h *Holders) Close() error { return diskError(h.records.Close()) }

// add adds a record: whether the content is unknown, hash, address and size.
func (h *Holders) add(holder Holder) error {
	b := append(h.buffer[:0], byte(unknown(holder.Hash)))
	b = appendNode(append(b, holder.Hash[:]...), holder.Node)
	h.buffer = binary.BigEndian.AppendUint64(b, holder.Size)
	return diskError(h.records.Add(h.buffer))
}

// All returns the holders, as often as one likes. An error ends them.
func (h *Holders) All() iter.Seq2[Holder, error] {
	return func(yield func(Holder, error) bool) {
		for record, err := range h.records.All() {
			var holder Holder
			if err == nil {
				holder, err = holderOf(record)
			}
			if err != nil {
				yield(Holder{}, diskError(err))
				return
			}
			if !yield(holder, nil) {
				return
			}
		}
	}
}

func holderOf(record []byte) (Holder, error) {
	if len(record) < unknownSize+protocol.HashSize {
		return Holder{}, errNoRecord
	}
	is := client.Identity{Hash: protocol.Hash(record[unknownSize : unknownSize+protocol.HashSize])}
	node, rest, whole := cutNode(record[unknownSize+protocol.HashSize:])
	if !whole || len(rest) != 8 {
		return Holder{}, errNoRecord
	}
	is.Size = binary.BigEndian.Uint64(rest)
	return Holder{node, is}, nil
}
