package node

import (
	"fmt"

	"github.com/relaypeer/relaypeer/roles"
)

// Terms are what clients may take of a node.
type Terms struct {
	Uploads int    // bodies at once; 0: roles.MaxUploads, or as many as Rate allows
	Rate    uint64 // bytes a second of all bodies together; 0: no bound
	Each    uint64 // bytes a second of those to one origin; 0: no bound
}

// Check refuses terms under which a client would take the node for dead: while content moves each body
// needs MinProgress in ProgressTimeout, and roles.LeastUploadRate is twice that.
func (t Terms) Check() error {
	switch least := uint64(roles.LeastUploadRate); {
	case t.Uploads < 0:
		return fmt.Errorf("%d uploads at once are less than none", t.Uploads)
	case t.Rate > 0 && t.Rate < least:
		return fmt.Errorf("%d bytes a second are too few: a client takes a node that sends less than %d for dead", t.Rate, least)
	case t.Each > 0 && t.Each < least:
		return fmt.Errorf("%d bytes a second for each client are too few: it takes a node that sends less than %d for dead", t.Each, least)
	case t.Rate > 0 && t.Rate/least < uint64(t.Uploads):
		return fmt.Errorf("%d bytes a second are too few for %d uploads at once: each needs %d", t.Rate, t.Uploads, least)
	}
	return nil
}

// Turns returns the turns under these terms, which are good ones. However they are dealt out, each body has
// LeastUploadRate of the rates.
func (t Terms) Turns() *Turns {
	const least = roles.LeastUploadRate
	most := uint64(t.Uploads)
	if most == 0 {
		most = roles.MaxUploads
		if t.Rate > 0 {
			most = min(most, t.Rate/least)
		}
	}
	from, pace := (most+1)/2, uint64(roles.TurnPace)
	if t.Rate > 0 { // which origins share, and links of one share its part
		from, pace = min(from, t.Rate/(most*least)), min(pace, t.Rate/most/2)
	}
	if t.Each > 0 {
		from = min(from, t.Each/least)
	}
	from = max(from, 1)
	if t.Each > 0 {
		pace = min(pace, t.Each/from/2)
	}
	return &Turns{Most: int(most), MostFrom: int(from), Pace: pace}
}
