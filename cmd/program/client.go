package program

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
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
func (c Client) Fetch(ctx context.Context, wish client.Wish, store transport.Store, watch func(outcome any)) client.Result {
	wish.Relay, wish.Sources = c.Relay, c.Sources
	if part, is := store.(*disk.Part); is { // one who says that the content is another now does not cost what is here
		if hash, size, some := part.Begun(); some {
			wish.Prefer = client.Identity{Hash: hash, Size: size}
		}
	}
	fetch := client.NewFetch(wish)
	c.run(ctx, fetch, store, watch)
	return fetch.Result()
}

// Ask walks all pages of the relay's answer to a LOCATE or LIST. An error says why there are no more.
func (c Client) Ask(ctx context.Context, question protocol.Message, page func(protocol.Message)) *Failure {
	query := client.NewQuery(c.Relay, question)
	c.run(ctx, query, nil, func(outcome any) {
		if answer, is := outcome.(protocol.Message); is {
			page(answer)
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

func (c Client) run(ctx context.Context, machine roles.Machine, store transport.Store, watch func(outcome any)) {
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

func noRelay(relay string, code protocol.Code, by protocol.Party, text string) string {
	return fmt.Sprintf("the relay %s could not be asked: %s (the %s: %s)", relay, code, by, said(text))
}

// failure tells what a result means to the user, or returns nil for a file that is there.
func failure(relay string, wish client.Wish, r client.Result) *Failure {
	name := fmt.Sprintf("%q", said(wish.Name))
	if wish.Name == "" {
		name = "content " + wish.Hash.String()
	}
	switch r.Outcome {
	case client.Fetched:
		return nil
	case client.NobodyHad:
		if len(r.Tried) == 0 {
			return &Failure{ExitNobodyHas, fmt.Sprintf("no node has %s", name)}
		}
		return &Failure{ExitNobodyHas, fmt.Sprintf("no node has %s: %s asked", name, count(len(r.Tried), "node was", "nodes were"))}
	case client.Unsure:
		return &Failure{ExitFailure, fmt.Sprintf("%s was not found, but not every node could be asked: %s", name, setbacks(r.Tried))}
	case client.Undelivered:
		return &Failure{ExitUndelivered, fmt.Sprintf("%s is there, but no node could deliver it whole and verified: %s", name, setbacks(r.Tried))}
	case client.NoRelay:
		return &Failure{ExitNoRelay, noRelay(relay, r.Code, r.By, r.Text)}
	case client.BadlyNamed:
		return &Failure{ExitUsage, fmt.Sprintf("%s: %s", name, said(r.Text))}
	case client.Interrupted:
		return &Failure{ExitInterrupted, "interrupted"}
	default:
		return &Failure{ExitFailure, fmt.Sprintf("%s: %s", r.Code, r.Text)}
	}
}

// setbacks lists the nodes that did not say not-found, a few of them.
func setbacks(tried []client.Tried) string {
	const most = 5
	var told []string
	more := 0
	for _, t := range tried {
		switch {
		case t.Code == protocol.NotFound:
		case len(told) == most:
			more++
		default:
			told = append(told, fmt.Sprintf("%s %s", t.Node, t.Code))
		}
	}
	if more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("of %s asked, %s", count(len(tried), "node", "nodes"), strings.Join(told, ", "))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// said makes a text that may come from a peer fit to be shown.
func said(text string) string { return protocol.Printable(text, protocol.MaxText) }
