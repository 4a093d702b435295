package peer

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// Coverage is how much of what nodes have a relay could list. The zero value: all of it.
type Coverage struct {
	Young      time.Duration // the relay was restarted, and for so long may lack nodes that are there
	Publishing uint64        // nodes whose names are on their way to the relay
	Silent     uint64        // nodes that may have more than they publish, or publish nothing
	Some       []client.Node // of the silent
	Withheld   uint64        // nodes that were asked for and that this client cannot reach, as the relay says: who has a file, not what is listed
}

// Err returns nil if what was listed does not change by itself, and otherwise an [ErrTooEarly].
func (c Coverage) Err() error {
	if c.Awaited().IsZero() {
		return nil
	}
	return &Error{Kind: ErrTooEarly}
}

// listed adds what a page of a LISTED says.
func (c *Coverage) listed(page *protocol.Listed) {
	is := Coverage{Young: roles.Millis(page.Young), Publishing: page.Publishing, Silent: page.Silent}
	for _, node := range page.Named {
		is.Some = append(is.Some, client.NodeOf(&node))
	}
	c.Add(is)
}

// Add makes of the coverage of two lists that of both.
func (c *Coverage) Add(other Coverage) {
	c.Young = max(c.Young, other.Young)
	c.Publishing, c.Silent = max(c.Publishing, other.Publishing), max(c.Silent, other.Silent)
	c.Some = append(slices.Clip(c.Some), other.Some...)
	slices.SortFunc(c.Some, client.Node.Compare)
	c.Some = slices.Compact(c.Some)
	c.Some = c.Some[:min(len(c.Some), protocol.MaxSilent)]
}
