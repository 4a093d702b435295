package peer

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// List returns the contents that are published under the names that a pattern stands for (see
// [protocol.Match]; empty: all names), in the order in which the relay has them: with some holders
// each, or only counted. An offer without a hash is a name of which its nodes do not know the content,
// or not yet. An error ends it.
func (c *Client) List(ctx context.Context, pattern string, holders bool) iter.Seq2[client.Offer, error] {
	return c.list(ctx, pattern, holders, &Coverage{})
}

func (c *Client) list(ctx context.Context, pattern string, holders bool, covers *Coverage) iter.Seq2[client.Offer, error] {
	ask := &protocol.List{Pattern: pattern, Limit: protocol.MaxPage}
	if holders {
		ask.Holders = protocol.MaxHolders
	}
	return func(yield func(client.Offer, error) bool) {
		if err := checkPattern(pattern); err != nil {
			yield(client.Offer{}, err)
			return
		}
		for page, err := range c.ask(ctx, ask) {
			if err != nil {
				yield(client.Offer{}, err)
				return
			}
			covers.listed(page.(*protocol.Listed))
			for _, offer := range offersOf(page.(*protocol.Listed)) {
				if !yield(offer, nil) {
					return
				}
			}
		}
	}
}

// ListAll returns all that List does, sorted by name, and the contents of one name by what most nodes have.
func (c *Client) ListAll(ctx context.Context, pattern string, holders bool) (offers []client.Offer, err error) {
	offers, _, err = c.ListCovered(ctx, pattern, holders)
	return offers, err
}

// ListCovered returns all that ListAll does, and how much of what there is that is. While there may
// soon be more it lists again, for as long as the client waits. It fails with ErrTooMany before it
// takes more memory than it should; Names does not.
func (c *Client) ListCovered(ctx context.Context, pattern string, holders bool) (offers []client.Offer, covers Coverage, err error) {
	may := newBudget()
	names, err := c.namesWithin(ctx, pattern, holders, may)
	if err != nil {
		return nil, covers, err
	}
	offers, err = may.load(names)
	return offers, names.Covers, cmp.Or(err, names.Close())
}

func checkPattern(pattern string) error {
	if pattern == "" {
		return nil
	}
	return named(protocol.CheckPattern(pattern))
}

func offersOf(page *protocol.Listed) []client.Offer {
	offers := make([]client.Offer, len(page.Items))
	alternates := client.AlternatesOf(page.Peers)
	holders := make([]client.Node, 0, protocol.MaxHolders)
	for i, item := range page.Items {
		offers[i] = client.Offer{
			Name: item.Name, Identity: client.Identity{Hash: item.Hash, Size: item.Size}, Count: item.Count,
			Alternates: alternates, Modified: item.Modified,
		}
		holders = holders[:0]
		for _, at := range item.Holders {
			holders = append(holders, client.NodeOf(&page.Peers[at]))
		}
		if i > 0 && slices.Equal(holders, offers[i-1].Holders) { // mostly the same nodes have names that follow each other
			offers[i].Holders = offers[i-1].Holders
		} else {
			offers[i].Holders = slices.Clone(holders)
		}
	}
	return offers
}

// Holder is a node that has published a file, or that may have it.
type Holder struct {
	Node            client.Node
	client.Identity // zero: it may have the file, for it has not published all that it has
}

// Who returns the nodes that have published a file, and then those that may have it. An error ends it.
// Of an empty request it returns all nodes.
func (c *Client) Who(ctx context.Context, request Request) iter.Seq2[Holder, error] {
	return c.who(ctx, request, &Coverage{})
}

func (c *Client) who(ctx context.Context, request Request, covers *Coverage) iter.Seq2[Holder, error] {
	ask := &protocol.Locate{Name: request.Name, Hash: request.Hash, Limit: protocol.MaxPage}
	return func(yield func(Holder, error) bool) {
		if request.Name != "" {
			if err := protocol.CheckName(request.Name); err != nil {
				yield(Holder{}, named(err))
				return
			}
		}
		for page, err := range c.ask(ctx, ask) {
			if err != nil {
				yield(Holder{}, err)
				return
			}
			located := page.(*protocol.Located)
			covers.Add(Coverage{Young: roles.Millis(located.Young)})
			covers.Withheld = min(covers.Withheld+min(located.Withheld, roles.MaxLeases), roles.MaxLeases)
			for _, peer := range located.Peers {
				if !yield(Holder{client.NodeOf(&peer), client.Identity{Hash: peer.Hash, Size: peer.Size}}, nil) {
					return
				}
			}
		}
	}
}
