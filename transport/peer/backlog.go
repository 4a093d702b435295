package peer

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// ask returns the pages of the relay's answer to a LOCATE or LIST. A reader that is slow is waited for
// as long as the relay keeps an idle link; then the link is closed, and the next page asked for over
// another when the reader wants it. A reader that stops ends the conversation.
func (c *Client) ask(ctx context.Context, question protocol.Message) iter.Seq2[protocol.Message, error] {
	return func(yield func(protocol.Message, error) bool) {
		expects, refusal := c.expected()
		if refusal != nil {
			yield(nil, refusal)
			return
		}
		query := client.NewQuery(c.Relay, question)
		query.Expect(expects)
		query.Enter(c.entry())
		for rested := true; rested && ctx.Err() == nil; query.Again() {
			var more bool
			if rested, more = c.askOnce(ctx, query, yield); !more {
				return
			}
			if rested {
				continue
			}
			if err := queryError(query.Result()); err != nil {
				yield(nil, err)
			}
			return
		}
		yield(nil, queryError(client.QueryResult{Code: protocol.Interrupted, By: protocol.Client}))
	}
}

// askOnce yields the pages that come over one link. Rested says that the reader was too slow for it, more
// that it wants more.
func (c *Client) askOnce(ctx context.Context, query *client.Query, yield func(protocol.Message, error) bool) (rested, more bool) {
	ctx, enough := context.WithCancel(ctx)
	pages := newBacklog(enough)
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
	defer pages.leave()
	leftOut := 0
	defer func() {
		if leftOut > 0 {
			c.sayBad(leftOut)
		}
	}()
	for page := range pages.all {
		leftOut += leftOutOf(page)
		if !yield(page, nil) {
			return false, false
		}
	}
	return pages.rested && query.Result().Code == protocol.Interrupted, true
}

// leftOutOf returns how many entries of a page were bad.
func leftOutOf(page protocol.Message) int {
	switch page := page.(type) {
	case *protocol.Located:
		return page.LeftOut
	case *protocol.Listed:
		return page.LeftOut
	}
	return 0
}

// mostBacklog is how many pages wait for their reader: about as many as come while some are sorted and
// written.
const mostBacklog = 8

// backlog is the pages that have come and have not been read.
type backlog struct {
	stop   func() // ends the conversation
	mu     sync.Mutex
	news   sync.Cond
	pages  []protocol.Message
	over   bool // no page comes any more
	left   bool // no page is wanted any more
	rested bool // the reader was too slow
}

func newBacklog(stop func()) *backlog {
	b := &backlog{stop: stop}
	b.news.L = &b.mu
	return b
}

// add adds a page when there is room for it.
func (b *backlog) add(page protocol.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pages) >= mostBacklog {
		patience := time.AfterFunc(roles.HoldTimeout, b.rest)
		defer patience.Stop()
	}
	for len(b.pages) >= mostBacklog && !b.left {
		b.news.Wait()
	}
	b.pages = append(b.pages, page)
	b.news.Broadcast()
}

// rest ends the conversation, for now.
func (b *backlog) rest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rested = true
	b.stop()
}

// leave ends the conversation.
func (b *backlog) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = true
	b.stop()
	b.news.Broadcast()
}

func (b *backlog) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	b.news.Broadcast()
}

// all yields the pages as they come.
func (b *backlog) all(yield func(protocol.Message) bool) {
	for {
		page, more := b.next()
		if !more || !yield(page) {
			return
		}
	}
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
	b.news.Broadcast()
	return page, true
}
