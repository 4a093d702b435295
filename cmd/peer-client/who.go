package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// tellWho prints which nodes have a file.
func (c *command) tellWho(ctx context.Context) error {
	request, err := c.whose(ctx)
	if err != nil {
		return err
	}
	holders, covers, err := c.client.WhoCovered(ctx, request)
	switch {
	case err != nil:
		return queryFailure(c.client.Relay, err)
	case len(holders) == 0 && covers.Err() != nil:
		return tooEarly(wantedName(request), client.Result{Young: covers.Young}, nil)
	case len(holders) == 0:
		return c.nobody(ctx, request)
	}
	slices.SortFunc(holders, func(a, b peer.Holder) int {
		return cmp.Or(rank(a)-rank(b), slices.Compare(a.Hash[:], b.Hash[:]), a.Node.Compare(b.Node))
	})
	if c.events == nil {
		return printWho(c.stdout, holders, cli.IsTerminal(c.stdout))
	}
	for _, h := range holders {
		c.events.tell(holderEvent{"holder", h.Node.String(), h.Size, hashText(h.Hash)})
	}
	return nil
}

// rank has nodes that may have a file come after those that have it.
func rank(h peer.Holder) int {
	if h.Hash.IsZero() {
		return 1
	}
	return 0
}

// whose returns the file whose nodes the user asks for.
func (c *command) whose(ctx context.Context) (request peer.Request, err error) {
	switch {
	case len(c.args) > 1:
		return request, cli.Usage("--who tells about one name, and these are %d: --list takes several", len(c.args))
	case len(c.args) == 0 && c.hash == "":
		return request, cli.Usage("--who tells about one name: give it behind the relay's host and port")
	}
	if len(c.args) == 1 {
		request.Name = c.args[0]
		if err := protocol.CheckName(request.Name); err != nil {
			return request, cli.Usage("--who tells about one name, and %q is none: %s", cli.ForDisplay(request.Name), protocol.AsError(err).Text)
		}
	}
	if c.hash != "" {
		return c.byHash(ctx)
	}
	return request, nil
}

// nobody says that a file is nowhere, and whether there is any node at all.
func (c *command) nobody(ctx context.Context, request peer.Request) error {
	switch {
	case !c.anyNode(ctx):
		return noNode()
	case request.Name == "":
		return failure(cli.ExitNobodyHas, "no node has content %s", request.Hash)
	case protocol.IsPattern(request.Name):
		return failure(cli.ExitNobodyHas, "no node has %q: --who takes one name, --list takes patterns", cli.ForDisplay(request.Name))
	}
	below, err := c.client.ListAll(ctx, peer.Literal(request.Name)+"/", false)
	if err == nil && len(below) > 0 {
		return failure(cli.ExitNobodyHas, "%q is a folder with %s: --list shows them, --who takes one of them",
			cli.ForDisplay(request.Name), cli.Count(len(below), "file", "files"))
	}
	return failure(cli.ExitNobodyHas, "no node has %q", cli.ForDisplay(request.Name))
}

// printWho writes one line for each node: those that have the file with bytes and hash, those that
// may have it without.
func printWho(out io.Writer, holders []peer.Holder, people bool) error {
	if !people {
		for _, h := range holders {
			size, hash := "-", "-"
			if !h.Hash.IsZero() {
				size, hash = strconv.FormatUint(h.Size, 10), h.Hash.String()
			}
			if _, err := fmt.Fprintf(out, "%s\t%s\t%s\n", h.Node, size, hash); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "NODE\tSIZE\tHASH\n")
	for _, h := range holders {
		size, hash := "", "may have it: not all that it has is published"
		if !h.Hash.IsZero() {
			size, hash = cli.Bytes(h.Size), h.Hash.String()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", h.Node, size, hash)
	}
	return table.Flush()
}
