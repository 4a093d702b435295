package peer

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
)

// FetchSmall gets the contents of many files of one chunk group each, over few links, as FetchAll does, into memory.
// The offers are of a list with holders, each name once. It returns the content of each offer in its place, nil for
// one that did not come. The error is that of the first of these.
func (c *Client) FetchSmall(ctx context.Context, offers []client.Offer) (contents [][]byte, err error) {
	if _, refusal := c.expected(); refusal != nil {
		return nil, refusal
	}
	places := make(map[string]int, len(offers))
	for i, offer := range offers {
		places[offer.Name] = i
	}
	contents = make([][]byte, len(offers))
	into := &smallStore{items: map[int][]byte{}}
	gather := client.NewGather(client.GatherRequest{
		Relay: c.Relay, RelayID: c.relay.current(), Entry: c.entry(), Sources: c.sources(), Direct: c.NoCircuits, Wanted: slices.Clone(offers),
	})
	c.run(ctx, gather, into, func(outcome roles.Outcome) {
		file, is := outcome.(client.Gathered)
		if !is {
			return
		}
		data := into.taken(file.Item)
		for _, name := range file.Names {
			place, failed := places[name], resultError(file.Result)
			if failed == nil && (file.Result.Hash != offers[place].Hash || uint64(len(data)) != offers[place].Size) {
				failed = protocol.Changed // what the name has now is another content
			}
			if failed == nil {
				contents[place] = data
			}
			err = cmp.Or(err, failed)
		}
	})
	if ctx.Err() != nil {
		err = interrupted(ctx)
	}
	return contents, err
}

// smallStore is a [transport.Store] of the first group of each item, in memory.
type smallStore struct {
	mu    sync.Mutex
	items map[int][]byte
}

// taken returns the content of an item, and forgets it. Nothing is received of an empty one.
func (s *smallStore) taken(item int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	data := s.items[item]
	delete(s.items, item)
	if data == nil {
		return []byte{}
	}
	return data
}

// Receive implements [transport.Store].
func (s *smallStore) Receive(item int, _ uint64, _ protocol.Attributes) (transport.Sink, error) {
	return func(group uint64, _ protocol.Hash, data []byte) error {
		if group > 0 { // another content than was offered
			return nil
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.items[item] = append([]byte{}, data...)
		return nil
	}, nil
}

// Holds implements [transport.Store].
func (s *smallStore) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	return hash, 0, nil
}

// Open implements [transport.Store].
func (s *smallStore) Open(context.Context, roles.OpenStore, func(done, size uint64)) (roles.Groups, bool, error) {
	return nil, false, nil
}

// Commit implements [transport.Store].
func (s *smallStore) Commit(context.Context, ...roles.Placement) error { return nil }

// Release implements [transport.Store].
func (s *smallStore) Release(int) {}
