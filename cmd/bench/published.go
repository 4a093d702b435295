package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// client returns a client of the crew's relay.
func (c *crew) client() *peer.Client { return &peer.Client{Relay: net.JoinHostPort(c.host, c.port)} }

// indexed waits until that many names are listed at the relay.
func (c *crew) indexed(ctx context.Context, files int) error {
	client := c.client()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(replyWait); time.Now().Before(end); {
		listed := 0
		for _, err := range client.List(ctx, "", false) {
			if err != nil {
				return err
			}
			listed++
		}
		if listed >= files {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
	return fmt.Errorf("the node did not publish %d files within %v", files, replyWait)
}

// hashOf returns the content that is published under a name.
func (c *crew) hashOf(ctx context.Context, name string) (protocol.Hash, error) {
	for holder, err := range c.client().Who(ctx, peer.Request{Name: name}) {
		return holder.Hash, err
	}
	return protocol.Hash{}, fmt.Errorf("%q is not published", name)
}
