package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// relayAt is where the crew's relay listens.
func (c *crew) relayAt() string { return net.JoinHostPort(c.host, c.port) }

// asker returns a client of the crew's relay.
func (c *crew) asker() *peer.Client {
	if c.lab.overTLS {
		return &peer.Client{Relay: c.relayAt()}
	}
	return &peer.Client{Network: transport.TCP{}, Relay: c.relayAt()}
}

// indexed waits until that many names are listed at the relay, none of them pending, and nothing is on its way.
func (c *crew) indexed(ctx context.Context, files int) error {
	return c.until(ctx, files, fmt.Sprintf("the node did not publish %d files", files), func(client *peer.Client) (listed int, err error) {
		names, err := client.Names(ctx, "", false)
		if err != nil {
			return 0, err
		}
		defer names.Close()
		if names.Covers.Err() != nil {
			return 0, nil
		}
		for item, err := range names.All() {
			if err != nil {
				return 0, err
			}
			if item.Hash != (protocol.Hash{}) {
				listed++
			}
		}
		return listed, nil
	})
}

// held waits until that many nodes have published a name with its content.
func (c *crew) held(ctx context.Context, name string, nodes int) error {
	return c.until(ctx, nodes, fmt.Sprintf("%d nodes did not publish %s", nodes, name), func(client *peer.Client) (held int, err error) {
		for holder, err := range client.Who(ctx, peer.Request{Name: name}) {
			if err != nil {
				return 0, err
			}
			if holder.Hash != (protocol.Hash{}) {
				held++
			}
		}
		return held, nil
	})
}

// until asks the relay again and again until there are that many.
func (c *crew) until(ctx context.Context, many int, otherwise string, ask func(*peer.Client) (int, error)) error {
	client := c.asker()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(replyWait); time.Now().Before(end); {
		if found, err := ask(client); err != nil || found >= many {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
	return fmt.Errorf("%s within %v", otherwise, replyWait)
}

// hashOf returns the content that is published under a name.
func (c *crew) hashOf(ctx context.Context, name string) (protocol.Hash, error) {
	for holder, err := range c.asker().Who(ctx, peer.Request{Name: name}) {
		return holder.Hash, err
	}
	return protocol.Hash{}, fmt.Errorf("%q is not published", name)
}
