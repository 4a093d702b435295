package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// s31 follows what a client hears and says of its ways through the relay: S31, and of S30 that it expects the id that it
// has asked for.
func (c *checks) s31(a *actor, in roles.Input, effects []roles.Effect) {
	for _, effect := range effects {
		if secure, is := effect.(roles.Secure); is {
			c.secures(a, secure)
			c.oneToEach(a, secure)
		}
	}
	o := a.operation
	if o == nil {
		return
	}
	switch in := in.(type) {
	case roles.Heard:
		c.hearsOfCircuit(a, in)
	case roles.Verified:
		if v := o.at(in.Link); v != nil && v.relayed {
			c.w.coverage.sometimes(CameThrough)
		}
	}
	for _, effect := range effects {
		report, is := effect.(roles.Report)
		if tried, tries := report.Outcome.(client.Tried); is && tries {
			c.saysWhy(a, &tried)
		}
	}
}

// secures checks S30 for the end of a circuit at which TLS begins.
func (c *checks) secures(a *actor, s roles.Secure) {
	if a.operation == nil {
		if !s.Accepts || !s.ID.IsZero() {
			c.fail(S30, "%s does not wait for its client's TLS", c.who(a))
		}
		return
	}
	if v := a.operation.at(s.Link); v == nil || s.Accepts || s.ID.IsZero() || v.to.ID != s.ID {
		c.fail(S30, "%s expects %x at the other end of its circuit, which is not the node that it has asked for", c.who(a), s.ID[:8])
	}
}

// hearsOfCircuit notes why the relay refuses a client's way.
func (c *checks) hearsOfCircuit(a *actor, in roles.Heard) {
	var v *visit
	switch o := a.operation; {
	case in.Link >= client.WayLinks:
		v = o.at(in.Link - client.WayLinks)
	case a.goes(in.Link):
		v = o.at(in.Link)
	case a.leftOn(in.Link, client.QueryOpening):
		v = o.ahead(in.Link)
	}
	if v == nil {
		return
	}
	switch m := in.Message.(type) {
	case *protocol.Opened:
		if m.Last != 0 {
			c.w.coverage.sometimes(ToldWhy)
		}
		v.few = m.Bytes > 0 && m.Bytes < group*11/10+fewBytes
	case *protocol.Error:
		v.refusal = m
	}
}

// saysWhy checks the end of a visit through the relay.
func (c *checks) saysWhy(a *actor, is *client.Tried) {
	if !is.Node.Relayed() || is.Code == protocol.Interrupted {
		return
	}
	v := a.operation.unsaid(is)
	if is.Code != 0 && is.By == 0 {
		c.fail(S31, "%s does not say of %v who says why it did not help: %s", c.who(a), is.Node, is.Code)
	}
	if v == nil {
		return
	}
	v.said = true
	if is.Code != protocol.Timeout && !v.says(is) {
		c.fail(S31, "%s says of %v: %s %s %q; the relay has said %s", c.who(a), is.Node, is.Code, is.By, is.Text, describe(v.refusal))
	}
}

// unsaid returns a visit to a node that the relay has refused, and of which the operation has not said so, or nil: the
// one of which this is said, of several at once.
func (o *operation) unsaid(is *client.Tried) (found *visit) {
	for _, v := range o.visited {
		if v.to == is.Node && v.refusal != nil && !v.said && (found == nil || v.says(is)) {
			found = v
		}
	}
	return found
}

// says reports whether the relay has refused a way in these words.
func (v *visit) says(is *client.Tried) bool {
	return is.Code == v.refusal.Code && is.By == v.refusal.By && is.Text == v.refusal.Text
}

// allSaid checks that a result that came to its end by itself says of each node why the relay has refused the way to it.
func (c *checks) allSaid(o *operation, is *client.Result) {
	if is.Outcome == client.Interrupted || is.Outcome == client.DiskFailed || is.Outcome == client.Fetched {
		return
	}
	for _, v := range o.visited {
		if v.refusal != nil && !v.said {
			c.fail(S31, "the result for %q does not say why the relay refuses a way to %v: %s", is.Name, v.to, describe(v.refusal))
		}
	}
}

// fewBytes are more than pass over a circuit beside a group.
const fewBytes = 64 << 10

// limited reports whether the relay has refused a way for a limit that is used up, or nearly.
func (o *operation) limited() bool {
	return slices.ContainsFunc(o.visited, func(v *visit) bool { return v.few || v.refusal != nil && v.refusal.Code == protocol.Quota })
}
