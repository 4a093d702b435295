package peer

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"sync"

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

// mostOffers bounds ListAll: a relay of roles.MaxIndex names has to be asked for less at once.
const mostOffers = 5_000_000

// ListAll returns all that List does, sorted by name, and the contents of one name by what most nodes have.
func (c *Client) ListAll(ctx context.Context, pattern string, holders bool) (offers []client.Offer, err error) {
	offers, _, err = c.ListCovered(ctx, pattern, holders)
	return offers, err
}

// ListCovered returns all that ListAll does, and how much of what there is that is. While that may
// change by itself it lists again, for as long as the client waits.
func (c *Client) ListCovered(ctx context.Context, pattern string, holders bool) (offers []client.Offer, covers Coverage, err error) {
	for patience := c.patience(); ; {
		offers, covers, err = c.listOnce(ctx, pattern, holders)
		if err != nil || covers.Err() == nil || !patience.more(ctx) {
			return offers, covers, err
		}
	}
}

func (c *Client) listOnce(ctx context.Context, pattern string, holders bool) (offers []client.Offer, covers Coverage, err error) {
	for offer, err := range c.list(ctx, pattern, holders, &covers) {
		switch {
		case err != nil:
			return nil, covers, err
		case len(offers) == mostOffers:
			return nil, covers, errors.New("more than 5,000,000 names match: ask for fewer with a pattern")
		}
		offers = append(offers, offer)
	}
	return client.Merge(offers), covers, nil
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
	for i, item := range page.Items {
		offers[i] = client.Offer{Name: item.Name, Identity: client.Identity{Hash: item.Hash, Size: item.Size}, Count: item.Count, Alternates: alternates}
		for _, at := range item.Holders {
			offers[i].Holders = append(offers[i].Holders, page.Peers[at].Addr())
		}
	}
	return offers
}

// Holder is a node that has published a file, or that may have it.
type Holder struct {
	Node            netip.AddrPort
	client.Identity // zero: it may have the file, for it has not published all that it has
}

// Who returns the nodes that have published a file, and then those that may have it. An error ends it.
// Of an empty request it returns all nodes.
func (c *Client) Who(ctx context.Context, request Request) iter.Seq2[Holder, error] {
	return c.who(ctx, request, &Coverage{})
}

// WhoCovered returns all that Who does, and for how long the relay may lack nodes. While there is
// none and that may change by itself it asks again, for as long as the client waits.
func (c *Client) WhoCovered(ctx context.Context, request Request) (holders []Holder, covers Coverage, err error) {
	for patience := c.patience(); ; {
		holders, covers = nil, Coverage{}
		for holder, err := range c.who(ctx, request, &covers) {
			if err != nil {
				return nil, covers, err
			}
			holders = append(holders, holder)
		}
		if len(holders) > 0 || covers.Err() == nil || !patience.more(ctx) {
			return holders, covers, nil
		}
	}
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
			for _, peer := range located.Peers {
				if !yield(Holder{peer.Addr(), client.Identity{Hash: peer.Hash, Size: peer.Size}}, nil) {
					return
				}
			}
		}
	}
}

// ask returns the pages of the relay's answer to a LOCATE or LIST. They are asked for as they come, however
// slow their reader is, for a relay does not keep an idle link; a reader that stops ends the conversation.
func (c *Client) ask(ctx context.Context, question protocol.Message) iter.Seq2[protocol.Message, error] {
	return func(yield func(protocol.Message, error) bool) {
		ctx, enough := context.WithCancel(ctx)
		query, pages := client.NewQuery(c.Relay, question), newBacklog()
		var asking sync.WaitGroup
		asking.Go(func() {
			defer pages.close()
			c.run(ctx, query, nil, func(outcome roles.Outcome) {
				if page, is := outcome.(client.Page); is {
					pages.add(page.Answer)
				}
			})
		})
		defer asking.Wait()
		defer enough()
		for {
			page, more := pages.next()
			if !more {
				break
			}
			if !yield(page, nil) {
				return
			}
		}
		if err := queryError(query.Result()); err != nil {
			yield(nil, err)
		}
	}
}

// backlog is the pages that have come and have not been read.
type backlog struct {
	mu    sync.Mutex
	news  sync.Cond
	pages []protocol.Message
	over  bool
}

func newBacklog() *backlog {
	b := &backlog{}
	b.news.L = &b.mu
	return b
}

func (b *backlog) add(page protocol.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pages = append(b.pages, page)
	b.news.Signal()
}

func (b *backlog) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	b.news.Signal()
}

// next waits for the next page; more is false after the last.
func (b *backlog) next() (page protocol.Message, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.pages) == 0 && !b.over {
		b.news.Wait()
	}
	if len(b.pages) == 0 {
		return nil, false
	}
	page = b.pages[0]
	b.pages[0] = nil
	b.pages = b.pages[1:]
	return page, true
}
