package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// tellWho prints which nodes have a file.
func (c *command) tellWho(ctx context.Context) error {
	request, err := c.whose(ctx)
	if err != nil {
		return err
	}
	holders, err := c.client.Holders(ctx, request)
	if err != nil {
		return queryFailure(c.relay(), err)
	}
	defer holders.Close()
	switch {
	case holders.Empty() && holders.Covers.Err() != nil:
		return tooEarly(wantedName(request), holders.Covers.Awaited())
	case holders.Empty() && holders.Covers.Withheld > 0:
		return failure(cli.ExitFailure, "no node that can be reached from here has %s: %s", wantedName(request), withheldText(holders.Covers.Withheld))
	case holders.Empty():
		return c.nobody(ctx, request)
	}
	if n := holders.Covers.Withheld; n > 0 {
		c.note("there may be more: %s", withheldText(n))
	}
	if c.events == nil {
		return printWho(c.stdout, holders.All(), cli.IsTerminal(c.stdout))
	}
	for h, err := range holders.All() {
		if err != nil {
			return err
		}
		c.events.tell(holderEvent{"holder", h.Node.String(), h.Size, hashText(h.Hash)})
	}
	return nil
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
	below, err := c.client.Names(ctx, peer.Literal(request.Name)+"/", false)
	if err == nil {
		defer below.Close()
		if n, err := countNames(below); err == nil && n > 0 {
			return failure(cli.ExitNobodyHas, "%q is a folder with %s: --list shows them, --who takes one of them",
				cli.ForDisplay(request.Name), cli.Count(n, "file", "files"))
		}
	}
	return failure(cli.ExitNobodyHas, "no node has %q", cli.ForDisplay(request.Name))
}

// countNames counts the contents of names.
func countNames(names *peer.Names) (n int, err error) {
	for _, err := range names.All() {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// printWho writes one line for each node: those that have the file with bytes and hash, those that
// may have it without.
func printWho(out io.Writer, holders iter.Seq2[peer.Holder, error], people bool) error {
	if people {
		return printTable(out, []string{"NODE", "SIZE", "HASH"}, cells(holders, holderCells))
	}
	printing := bufio.NewWriter(out)
	for h, err := range holders {
		if err != nil {
			return cmp.Or(printing.Flush(), err)
		}
		size := "-"
		if !h.Hash.IsZero() {
			size = strconv.FormatUint(h.Size, 10)
		}
		if _, err := fmt.Fprintf(printing, "%s\t%s\t%s\n", h.Node, size, appendHash(nil, h.Hash)); err != nil {
			return err
		}
	}
	return printing.Flush()
}

// holderCells returns the columns of a node, for people.
func holderCells(h peer.Holder) []string {
	if h.Hash.IsZero() {
		return []string{h.Node.String(), "", "may have it: not all that it has is published"}
	}
	return []string{h.Node.String(), cli.Bytes(h.Size), h.Hash.String()}
}
