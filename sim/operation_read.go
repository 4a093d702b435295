package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// reading is the state of an operation that reads a file at places that are drawn.
type reading struct {
	is     client.Identity // the content that was pinned; zero: none yet
	wanted roles.Wanted    // the last time; what has come since is in Has
	left   int             // times that groups are still wanted
	paused time.Duration   // by the reader, in all
	unread bool            // something could not be read
}

// mostReads is how often an operation that reads a file wants groups.
const mostReads = 5

// pauses are how long a reader may pause: not at all, while the link is kept, while the relay's
// answer is still good, and for longer.
var pauses = [...]time.Duration{0, 0, 50 * time.Millisecond, roles.HoldTimeout - time.Second, roles.HoldTimeout + 3*time.Second, roles.LeaseTTL + 20*time.Second}

// readOn has a reader want other groups after a pause, or stop.
func (w *World) readOn(a *actor) {
	o := a.operation
	groups := protocol.Groups(o.reading.is.Size)
	if o.reading.left == 0 || groups == 0 {
		w.tell(a, roles.Stopped{})
		return
	}
	o.reading.left--
	pause := pauses[w.chooser.N(len(pauses), "pause")]
	o.reading.paused += pause
	want := func() roles.Wanted {
		wanted := roles.Wanted{First: uint64(w.chooser.N(int(groups), "group")), Count: 1 + uint64(w.chooser.N(3, "count"))}
		if has := w.chooser.N(2*int(wanted.Count), "has"); uint64(has) < wanted.Count {
			wanted.Has.Add(uint64(has))
		}
		if there := min(wanted.Count, groups-wanted.First); wanted.Has.Count() > 0 && there == 1 {
			wanted.Has = nil // something is lacking
		}
		return wanted
	}
	wanted := want()
	w.tellLater(a, pause, wanted)
	switch w.chooser.N(3, "seeks") {
	case 0: // its user changes its mind
		w.tellLater(a, pause+time.Duration(w.chooser.N(20, "soon"))*time.Millisecond, want())
	case 1: // or reads on
		if wanted.First+wanted.Count < groups {
			next := roles.Wanted{First: wanted.First + 1, Count: wanted.Count, Keeps: true}
			w.tellLater(a, pause+time.Duration(w.chooser.N(100, "soon"))*time.Millisecond, next)
		}
	}
}

// readerTold goes on reading after a report of a Reader, and checks the content that it pins.
func (c *checks) readerTold(a *actor, outcome roles.Outcome) {
	o := a.operation
	switch outcome := outcome.(type) {
	case client.Pinned:
		if pin := c.w.pinned(o.op.Pin); !pin.IsZero() && outcome.Hash != pin {
			c.fail(S19, "%s reads another content of %q than was asked for", c.who(a), o.op.Name)
		}
		if c.honest && !c.w.hadBy(outcome.Hash, outcome.Attributes) {
			c.fail(S20, "%s reads %q with attributes of no node's file with this content", c.who(a), o.op.Name)
		}
		o.reading.is = outcome.Identity
		c.w.readOn(a)
	case client.Had:
		if a.state == string(client.ReaderHolding) {
			if o.reading.unread {
				c.w.coverage.sometimes(ReadAgain)
			}
			c.w.readOn(a)
		}
	case client.Unread:
		o.reading.unread = true
		o.reading.wanted = roles.Wanted{} // the machine begins anew
		if !a.machine.Final() {
			c.w.readOn(a)
		}
	}
}

// read checks that a group which is verified is of the content that was pinned.
func (c *checks) read(a *actor, g uint64, got *gathered) {
	o := a.operation
	if o == nil || o.reading == nil {
		return
	}
	number, uniform := got.content(g * group)
	if !uniform || c.w.identity(number, o.reading.is.Size).hash != o.reading.is.Hash {
		c.fail(S19, "%s reads group %d of %q, which is not of the content that was pinned", c.who(a), g, o.op.Name)
	}
	if g > 0 {
		c.w.coverage.sometimes(ReadInside)
	}
}

// told follows what the owner of a Reader wants and has.
func (r *reading) told(in roles.Input) {
	switch in := in.(type) {
	case roles.Wanted:
		had := r.wanted
		r.wanted = in
		r.wanted.Has = slices.Clone(in.Has)
		for g := had.First; in.Keeps && g < had.First+had.Count; g++ {
			if had.Has.Has(g-had.First) && r.wants(g) {
				r.wanted.Has.Add(g - in.First)
			}
		}
	case roles.Verified:
		if r.wants(in.Group) {
			r.wanted.Has.Add(in.Group - r.wanted.First)
		}
	}
}

// wants reports whether a group is wanted and lacking.
func (r *reading) wants(g uint64) bool {
	return g >= r.wanted.First && g-r.wanted.First < r.wanted.Count && !r.wanted.Has.Has(g-r.wanted.First)
}

// asksAsWanted checks S12 for a Reader: it asks for what its owner lacks, or for a group that was wrong once more.
func (c *checks) asksAsWanted(a *actor, link roles.Link, get *protocol.Get) {
	o := a.operation
	if v := o.at(link); v != nil && v.wrong {
		return
	}
	for g := get.Offset / group; g*group < get.Offset+get.Length; g++ {
		if !o.reading.wants(g) {
			c.fail(S12, "%s asks for group %d of %q, which its owner does not lack", c.who(a), g, o.op.Name)
		}
	}
}
