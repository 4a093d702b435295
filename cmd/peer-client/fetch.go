package main

import (
	"context"
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// fetch gets what the command is for.
func (c *command) fetch(ctx context.Context) error {
	var request peer.Request
	if c.hash != "" {
		var err error
		if request, err = c.byHash(ctx); err != nil {
			return err
		}
	}
	to, err := openTarget(ctx, c.output, len(c.args), c.stdout, c.stderr)
	if err != nil {
		return err
	}
	defer to.close()
	switch {
	case len(c.args) == 0:
		if to.isFolder() {
			return cli.Usage("-o %s: a hash is no name; -o FILE gives one", c.output)
		}
		return c.one(ctx, request, to)
	case len(c.args) == 1 && (c.hash != "" || !protocol.IsPattern(c.args[0])):
		request.Name = c.args[0]
		return c.named(ctx, request, to)
	case to.isFolder():
		return c.all(ctx, peer.AllRequest{Args: c.args}, to)
	}
	return c.inTurn(ctx, to)
}

// named gets a file by its name, or, if no node has it, what is in the folder of that name.
func (c *command) named(ctx context.Context, request peer.Request, to *target) error {
	err := c.one(ctx, request, to)
	if err == nil || cli.ExitCode(err) != cli.ExitNobodyHas || !request.Hash.IsZero() {
		return err
	}
	below, notListed := c.client.ListAll(ctx, peer.Literal(request.Name)+"/", to.isFolder())
	switch {
	case notListed != nil || len(below) == 0:
		return err
	case to.isFolder():
		return c.all(ctx, peer.AllRequest{Offers: below}, to)
	}
	return &cli.Failure{Code: cli.ExitNobodyHas, Text: fmt.Sprintf("%q is a folder with %s: -o DIR/ gets all of it",
		cli.ForDisplay(request.Name), cli.Count(len(below), "file", "files"))}
}

// inTurn prints several files one after the other, and returns the first failure. It goes on after
// it, unless that is one which the next file would only repeat: the user has had enough, or the relay
// cannot be asked.
func (c *command) inTurn(ctx context.Context, to *target) error {
	var first error
	for _, arg := range c.args {
		err := c.inItsTurn(ctx, arg, to)
		if err == nil {
			continue
		}
		told, code := &cli.Failure{Code: cli.ExitCode(err)}, cli.ExitCode(err)
		if first == nil {
			first = told
		}
		if text := err.Error(); text != "" {
			fmt.Fprintf(c.stderr, "peer-client: %s\n", text)
		}
		if code == cli.ExitInterrupted {
			return told
		}
		if code == cli.ExitNoRelay {
			break
		}
	}
	return first
}

// inItsTurn gets a file where only one can go. A name may look like a pattern.
func (c *command) inItsTurn(ctx context.Context, arg string, to *target) error {
	if protocol.IsPattern(arg) {
		is := c.client.Resolve(ctx, arg)
		if is.Err != nil {
			return argumentFailure(c.client.Relay, is)
		}
		if is.Folder && !is.Plain {
			return cli.Usage("%q stands for %s: -o DIR/ gets all of them", cli.ForDisplay(arg), cli.Count(len(is.Offers), "file", "files"))
		}
	}
	return c.one(ctx, peer.Request{Name: arg}, to)
}

// one gets one file to its place, and says how that went.
func (c *command) one(ctx context.Context, request peer.Request, to *target) error {
	label := request.Name
	if label == "" {
		label = cli.ShortHash(request.Hash)
	}
	p := newProgress(label, to.terminal, c.stderr)
	since := time.Now()
	r, err := c.get(ctx, request, to, p)
	p.end()
	if len(r.Variants) > 0 {
		c.note("%s", variantsLine(r.Variants))
	}
	switch code := cli.ExitCode(err); {
	case err == nil && to.out == nil:
		c.note("%s", fetchedLine(to.named(request.Name), r, time.Since(since)))
	case err == nil:
	case code == cli.ExitNobodyHas && len(r.Tried) == 0 && !c.anyNode(ctx):
		return noNode()
	case to.out == nil && p.done > 0:
		c.note("%s of %s stay here, verified: the same command goes on from there", cli.Bytes(p.done), cli.Bytes(p.size))
	case to.out != nil && p.done > 0 && code == cli.ExitUndelivered:
		return &cli.Failure{Code: code, Text: fmt.Sprintf("%v; the output ends after %s of %s", err, cli.Bytes(p.done), cli.Bytes(p.size))}
	}
	return err
}

// get gets one file to its place.
func (c *command) get(ctx context.Context, request peer.Request, to *target, p *progress) (client.Result, error) {
	request.Report = func(outcome roles.Outcome) { c.follow(p, outcome) }
	if to.out == nil {
		r := c.client.FetchBelow(ctx, request, to.root, to.named(request.Name))
		return r.Result, resultFailure(c.client.Relay, request, r.Result)
	}
	out := newPrinter(to.out, to.guard)
	r := c.client.Fetch(ctx, request, out)
	ended := out.end()
	if err := resultFailure(c.client.Relay, request, r.Result); err != nil {
		return r.Result, err
	}
	return r.Result, ended
}

// anyNode reports whether the relay knows any node.
func (c *command) anyNode(ctx context.Context) bool {
	for _, err := range c.client.Who(ctx, peer.Request{}) {
		return err == nil
	}
	return false
}

// note prints a line that is no failure, unless the user asks for no more than warnings.
func (c *command) note(format string, args ...any) {
	if c.client.Log.IsInfo() {
		fmt.Fprintf(c.stderr, format+"\n", args...)
	}
}
