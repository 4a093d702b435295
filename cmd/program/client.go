package program

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
)

// Client is a peer client over real sockets.
type Client struct {
	Relay   string // host:port
	Sources int    // nodes that one file comes from at once; below 2: one at a time
	Log     hclog.Logger
	Trace   func(transport.Event)
}

// Fetch gets one file into a store, until it is whole, nobody is left to ask, or ctx is done. What the machine reports
// meanwhile goes to watch.
func (c Client) Fetch(ctx context.Context, wish client.Request, to transport.Store, watch func(outcome roles.Outcome)) client.Result {
	wish.Relay, wish.Sources = c.Relay, c.Sources
	fetch := client.NewFetch(wish)
	c.run(ctx, fetch, to, watch)
	return fetch.Result()
}

// Ask walks all pages of the relay's answer to a LOCATE or LIST. An error says why there are no more.
func (c Client) Ask(ctx context.Context, question protocol.Message, page func(protocol.Message)) *Failure {
	query := client.NewQuery(c.Relay, question)
	c.run(ctx, query, nil, func(outcome roles.Outcome) {
		if answer, is := outcome.(client.Page); is {
			page(answer.Answer)
		}
	})
	result := query.Result()
	switch result.Code {
	case 0:
		return nil
	case protocol.Interrupted:
		return &Failure{ExitInterrupted, "interrupted"}
	case protocol.BadName:
		return &Failure{ExitUsage, said(result.Text)}
	}
	return &Failure{ExitNoRelay, noRelay(c.Relay, result.Code, result.By, result.Text)}
}

func (c Client) run(ctx context.Context, machine roles.Machine, store transport.Store, watch func(outcome roles.Outcome)) {
	loop := transport.Loop{
		Network: transport.TCP{}, Store: store, Start: time.Now(), Report: watch, Trace: traced(c.Log, c.Trace),
	}
	loop.Run(context.WithoutCancel(ctx), ctx.Done(), machine)
}

// Anybody reports whether any node is listed at the relay.
func (c Client) Anybody(ctx context.Context) bool {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	listed := false
	c.Ask(ctx, &protocol.Locate{}, func(page protocol.Message) {
		if located, is := page.(*protocol.Located); is && len(located.Peers) > 0 {
			listed = true
			enough()
		}
	})
	return listed
}

// noRelayButNode is what a refusal by a node means to one who took it for a relay.
const noRelayButNode = "this is no relay; is it a peer node?"

func noRelay(relay string, code protocol.Code, by protocol.Party, text string) string {
	if by == protocol.Node {
		return fmt.Sprintf("the relay %s could not be asked: %s (the %s: %s)", relay, noRelayButNode, by, code)
	}
	return fmt.Sprintf("the relay %s could not be asked: %s (the %s: %s)", relay, code, by, said(text))
}

// said makes a text that may come from a peer fit to be shown.
func said(text string) string { return protocol.Printable(text, protocol.MaxText) }
