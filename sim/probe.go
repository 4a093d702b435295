package sim

import (
	"github.com/relaypeer/relaypeer/roles/client"
)

// hope is what a probe may find of a name.
type hope struct {
	sound bool // a listed, honest node has it, and can deliver it
	rot   bool // a listed, honest node has it, and its disk has spoilt it
}

// expected says what probes must find, and must not.
func (c *checks) expected() map[string]hope {
	r := c.w.relay
	expected := map[string]hope{}
	for _, l := range r.proc.registry.Leases(r.local(c.w.now)) {
		h := c.w.byAddress[l.At]
		if h == nil || h.lie != Honest {
			continue
		}
		for _, s := range h.files {
			is := expected[s.name]
			if id := s.file.indexed(); id != nil && id.content != s.file.content {
				is.rot = true
			} else {
				is.sound = true
			}
			expected[s.name] = is
		}
	}
	return expected
}

// l3 holds a probe's result against what there is to find.
func (c *checks) l3(r *errand, expected map[string]hope) {
	switch {
	case r == nil || !r.ended:
	case r.answer != nil:
		c.exact(r)
	case r.result != nil:
		c.found(r, expected[r.op.Name])
	}
}

func (c *checks) found(r *errand, is hope) {
	got := r.result.Outcome
	switch {
	case is.sound && got != client.Fetched:
		c.fail(L3, "%q can be had from a listed node, and the outcome is: %s", r.op.Name, outcomeWords[got])
	case c.liars() || is.sound:
	case got == client.Fetched:
		c.fail(L3, "%q was fetched, and no listed node has it", r.op.Name)
	case is.rot && got == client.Undelivered:
	case got != client.NobodyHad && got != client.BadlyNamed:
		c.fail(L3, "%q is nowhere, and the outcome is: %s", r.op.Name, outcomeWords[got])
	}
}
