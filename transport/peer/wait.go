package peer

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// Awaited is what may change by itself, and has a client wait: see Client.Wait. The zero value: nothing.
type Awaited struct {
	Young      time.Duration // the relay was restarted, and for so long may lack nodes that are there
	Publishing uint64        // nodes whose names are on their way to the relay
	Indexing   []client.Node // nodes that are still hashing files, some of them
	Left       time.Duration // for which the client still waits
}

// IsZero reports whether nothing is awaited.
func (a Awaited) IsZero() bool { return a.Young == 0 && a.Publishing == 0 && len(a.Indexing) == 0 }

// mostIndexing bounds the nodes that are named as still hashing.
const mostIndexing = 16

// add adds what else is awaited.
func (a *Awaited) add(other Awaited) {
	a.Young, a.Publishing = max(a.Young, other.Young), max(a.Publishing, other.Publishing)
	a.Indexing = append(slices.Clip(a.Indexing), other.Indexing...)
	slices.SortFunc(a.Indexing, client.Node.Compare)
	a.Indexing = slices.Compact(a.Indexing)
	a.Indexing = a.Indexing[:min(len(a.Indexing), mostIndexing)]
}

// Awaited returns what may soon make another list of this one.
func (c Coverage) Awaited() Awaited { return Awaited{Young: c.Young, Publishing: c.Publishing} }

// AwaitedOf returns what may yet bring a file that was not found.
func AwaitedOf(r client.Result) (a Awaited) {
	if r.Outcome != client.TooEarly {
		return a
	}
	a.Young = r.Young
	last := map[client.Node]protocol.Code{}
	for _, tried := range r.Tried {
		last[tried.Node] = tried.Code
	}
	for node, code := range last {
		if code == protocol.Indexing {
			a.add(Awaited{Indexing: []client.Node{node}})
		}
	}
	return a
}

// A client that waits asks again after firstAgain, and then after twice that, up to longestAgain.
const (
	firstAgain   = 250 * time.Millisecond
	longestAgain = 2 * time.Second
)

// patience is what is left of Client.Wait to one call: pauses count, and tries that bring nothing.
type patience struct {
	left, pause time.Duration
	tries       time.Time // since when a try is under way that has brought nothing
	waiting     func(Awaited)
}

func (c *Client) patience() *patience { return &patience{left: c.Wait, waiting: c.Waiting} }

// Await calls try, and again for as long as it returns what is awaited and the client waits. It fails if ctx is
// done before.
func (c *Client) Await(ctx context.Context, try func() Awaited) error {
	return c.patience().await(ctx, try)
}

func (p *patience) await(ctx context.Context, try func() Awaited) error {
	why := try()
	for !why.IsZero() && p.more(ctx, why) {
		why = try()
	}
	p.spend()
	if p.pause = 0; !why.IsZero() && ctx.Err() != nil {
		return interrupted(ctx)
	}
	return nil
}

// more pauses before the next try. It reports false when the time is over, or ctx is done.
func (p *patience) more(ctx context.Context, why Awaited) bool {
	if p.spend(); p.left <= 0 || ctx.Err() != nil {
		return false
	}
	if why.Left = p.left; p.waiting != nil {
		p.waiting(why)
	}
	p.pause = min(cmp.Or(2*p.pause, firstAgain), longestAgain, p.left)
	timer := time.NewTimer(p.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		p.left -= p.pause
		p.tries = time.Now()
		return true
	case <-ctx.Done():
		return false
	}
}

// brought takes the time of a try that has brought something for none of waiting.
func (p *patience) brought() { p.tries = time.Time{} }

// spend counts the time of a try that has brought nothing.
func (p *patience) spend() {
	if !p.tries.IsZero() {
		p.left -= time.Since(p.tries)
	}
	p.tries = time.Time{}
}
