package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// follow shows what the fetch of one file reports.
func (c *command) follow(p *progress, outcome roles.Outcome) {
	switch o := outcome.(type) {
	case client.Begun:
		switch {
		case o.Other && p.begun:
			p.say("no node can deliver what was begun any more: starting anew with another content")
		case o.Other:
			p.say("what was here of an earlier try was another content: starting anew")
		}
		p.begun = true
		if o.Kept > 0 && o.Kept < o.Size {
			p.say("going on at %s of %s (already here and verified)", cli.Bytes(o.Kept), cli.Bytes(o.Size))
		}
		p.begin(o.Size, o.Kept, 0)
	case client.Checking:
		p.wait("verifying what is here: %d %% of %s", cli.Percent(o.Done, o.Size), cli.Bytes(o.Size))
	case client.Had:
		p.had(o.Bytes, 0)
	default:
		c.followNodes(p, outcome)
	}
}

// followMany shows what the fetch of many files reports. Published are the contents whose bytes are
// counted already.
func (c *command) followMany(p *progress, published map[protocol.Hash]bool, outcome roles.Outcome) {
	switch o := outcome.(type) {
	case client.Begun:
		if !published[o.Hash] {
			p.more(o.Size, 0)
		}
		p.had(o.Kept, 0)
	case client.Had:
		p.had(o.Bytes, 0)
	case client.Gathered:
		if o.Result.Outcome == client.Fetched {
			p.had(0, len(o.Names))
		}
	default:
		c.followNodes(p, outcome)
	}
}

// followNodes shows what is reported of nodes.
func (c *command) followNodes(p *progress, outcome roles.Outcome) {
	switch o := outcome.(type) {
	case client.Hashing:
		p.hashing(o.Node, o.Done, o.Size)
	case client.Relayed:
		if c.events != nil {
			c.events.relayed(o)
		} else if c.verbose {
			p.say("%s", relayedLine(o))
		}
	case client.Tried:
		if c.events != nil {
			c.events.tried(o)
		} else if c.verbose {
			p.say("%s", triedLine(o))
		}
		switch {
		case o.Code == protocol.Busy && o.By == protocol.Node:
			p.busy(o.Node)
		case o.Node.Relayed() && o.Code != 0 && o.Code != protocol.NotFound:
			p.wayless(o.Node, o.Code)
		}
	}
}

func triedLine(t client.Tried) string {
	took := t.Took.Round(time.Microsecond)
	if t.Code == 0 {
		return fmt.Sprintf("%s ok %v", t.Node, took)
	}
	return fmt.Sprintf("%s %s %v (the %s: %s)", t.Node, t.Code, took, t.By, cli.ForDisplay(t.Text))
}

// relayedLine says what a way through the relay cost, what may pass, and how the one before it ended.
func relayedLine(r client.Relayed) string {
	line := fmt.Sprintf("%s: a way was made in %v", r.Node, cli.Roughly(r.Took))
	if r.Bytes > 0 {
		line += ", for " + cli.Bytes(r.Bytes) + " at most"
	}
	if r.Rate > 0 {
		line += ", " + cli.Bytes(r.Rate) + "/s"
	}
	if r.Last != 0 {
		line += fmt.Sprintf("; the relay ended the one before after %s: %s", cli.Bytes(r.LastBytes), r.Last)
	}
	return line
}

// fetchedLine says how a file was fetched.
func fetchedLine(name string, r client.Result, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", cli.ForDisplay(name))
	switch {
	case r.Kept == r.Size && r.Size > 0:
		fmt.Fprintf(&b, "%s were here already, verified", cli.Bytes(r.Size))
	case r.Kept > 0:
		fmt.Fprintf(&b, "%s, verified: %s were here, %s", cli.Bytes(r.Size), cli.Bytes(r.Kept), cli.Pace(r.Size-r.Kept, took))
	default:
		fmt.Fprintf(&b, "%s, verified", cli.Pace(r.Size, took))
	}
	if len(r.From) > 0 {
		var nodes []string
		for _, node := range r.From {
			nodes = append(nodes, node.String())
		}
		fmt.Fprintf(&b, ", from %s", cli.Few(nodes))
	}
	return b.String()
}
