package main

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// secure gives the client its network, and says which relay it takes for its own. Its key lasts for
// this run, so that nobody learns which fetches were one person's, unless a state folder is named.
func (c *command) secure() (err error) {
	if err := c.secured.Open(c.client.Log); err != nil {
		return err
	}
	if c.client.Trust, err = c.secured.Trust(); err != nil {
		return err
	}
	c.client.Trust.Met = c.met
	if c.secured.Plain {
		c.client.Network = transport.TCP{}
		return nil
	}
	network := &transport.TLS{By: protocol.Client}
	c.client.Network = network
	if c.secured.Named() {
		network.Key, err = c.secured.Key(state.ClientKey)
	}
	return err
}

// met tells people of a relay that was met for the first time, once.
func (c *command) met(id protocol.PeerID) {
	c.note("the relay %s is met for the first time: its id is %s", c.client.Relay, id)
}
