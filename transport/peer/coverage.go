package peer

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Coverage is how much of what nodes have a relay could list. The zero value: all of it.
type Coverage struct {
	Young      time.Duration    // the relay was restarted, and for so long may lack nodes that are there
	Publishing uint64           // nodes whose names are on their way to the relay
	Silent     uint64           // nodes that may have more than they publish, or publish nothing
	Some       []netip.AddrPort // of the silent
}

// Err returns nil if what was listed does not change by itself, and otherwise an [ErrTooEarly].
func (c Coverage) Err() error {
	if c.Young == 0 && c.Publishing == 0 {
		return nil
	}
	return &Error{Kind: ErrTooEarly}
}

// listed adds what a page of a LISTED says.
func (c *Coverage) listed(page *protocol.Listed) {
	is := Coverage{Young: roles.Millis(page.Young), Publishing: page.Publishing, Silent: page.Silent}
	for _, node := range page.Named {
		is.Some = append(is.Some, node.Addr())
	}
	c.Add(is)
}

// Add makes of the coverage of two lists that of both.
func (c *Coverage) Add(other Coverage) {
	c.Young = max(c.Young, other.Young)
	c.Publishing, c.Silent = max(c.Publishing, other.Publishing), max(c.Silent, other.Silent)
	c.Some = append(slices.Clip(c.Some), other.Some...)
	slices.SortFunc(c.Some, netip.AddrPort.Compare)
	c.Some = slices.Compact(c.Some)
	c.Some = c.Some[:min(len(c.Some), protocol.MaxSilent)]
}

// patience is what is left of Client.Wait.
type patience struct {
	until time.Time
	pause time.Duration
}

// A client that waits asks again after firstAgain, and then after twice that, up to longestAgain.
const (
	firstAgain   = 250 * time.Millisecond
	longestAgain = 2 * time.Second
)

func (c *Client) patience() patience { return patience{until: time.Now().Add(c.Wait)} }

// more waits before the next try. It reports false when the time is over, or ctx is done.
func (p *patience) more(ctx context.Context) bool {
	left := time.Until(p.until)
	if left <= 0 {
		return false
	}
	p.pause = min(cmp.Or(2*p.pause, firstAgain), longestAgain)
	timer := time.NewTimer(min(p.pause, left))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
