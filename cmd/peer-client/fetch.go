package main

import (
	"cmp"
	"context"
	"errors"
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
			if code := cli.ExitCode(err); code != cli.ExitUsage {
				c.events.file(argumentEvent(c.args[0], err)) // the beginning of a hash has led to none
			}
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
		return c.told(c.one(ctx, request, to))
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
	event, err := c.one(ctx, request, to)
	if err == nil || cli.ExitCode(err) != cli.ExitNobodyHas || !request.Hash.IsZero() {
		return c.told(event, err)
	}
	below, notListed := c.client.Names(ctx, peer.Literal(request.Name)+"/", false)
	switch {
	case errors.Is(notListed, peer.ErrInterrupted):
		err = interrupted()
		return c.told(argumentEvent(request.Name, err), err)
	case notListed != nil:
		return c.told(event, err)
	}
	defer below.Close()
	switch {
	case below.Empty() && below.Covers.Err() != nil: // it may be a folder yet
		err = tooEarly(wantedName(request), below.Covers.Awaited())
		return c.told(argumentEvent(request.Name, err), err)
	case below.Empty():
		return c.told(event, err)
	case to.isFolder():
		return c.all(ctx, peer.AllRequest{Args: []string{request.Name + "/"}}, to)
	}
	if n, failed := countNames(below); failed == nil {
		err = failure(cli.ExitNobodyHas, "%q is a folder with %s: -o DIR/ gets all of it",
			cli.ForDisplay(request.Name), cli.Count(n, "file", "files"))
	}
	return c.told(argumentEvent(request.Name, err), err)
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
			c.fail(text)
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
		is := c.resolve(ctx, arg)
		if is.Err != nil {
			err := argumentFailure(c.relay(), is)
			return c.told(argumentEvent(arg, err), err)
		}
		if is.Folder && !is.Plain {
			err := cli.Usage("%q stands for %s: -o DIR/ gets all of them", cli.ForDisplay(arg), cli.Count(len(is.Offers), "file", "files"))
			return c.told(argumentEvent(arg, err), err)
		}
	}
	return c.told(c.one(ctx, peer.Request{Name: arg}, to))
}

// resolve returns what an argument stands for, once that does not change by itself or no time is left.
func (c *command) resolve(ctx context.Context, arg string) (is peer.Resolution) {
	stopped := c.client.Await(ctx, func() peer.Awaited {
		if is = c.client.Resolve(ctx, arg); is.Plain { // nodes are asked for the name
			return peer.Awaited{}
		}
		return is.Awaited()
	})
	is.Err = cmp.Or(stopped, is.Err)
	return is
}

// told tells the event of a file, and returns the failure that came with it.
func (c *command) told(event fileEvent, err error) error {
	c.events.file(event)
	return err
}

// one gets one file to its place, and says how that went. The event is still to be told.
func (c *command) one(ctx context.Context, request peer.Request, to *target) (fileEvent, error) {
	label := request.Name
	if label == "" {
		label = cli.ShortHash(request.Hash)
	}
	p := c.newProgress(ctx, label, to.terminal)
	since := time.Now()
	r, err := c.get(ctx, request, to, p)
	p.end()
	c.noteVariantsOf(request.Name, r.Variants)
	err = c.tellOne(ctx, request, to, r, err, p, time.Since(since))
	return resultEvent(request, to.path(request.Name), r, err, time.Since(since)), err
}

// tellOne says how the fetch of one file went, and returns the failure that it is in the end.
func (c *command) tellOne(ctx context.Context, request peer.Request, to *target, r client.Result, err error, p *progress, took time.Duration) error {
	switch code := cli.ExitCode(err); {
	case err == nil && to.out == nil && c.events != nil: // the event tells
	case err == nil && to.out == nil:
		c.note("%s", fetchedLine(to.named(request.Name), r, took))
	case err == nil:
	case code == cli.ExitTooEarly:
		return failure(code, "%v%s", err, c.waitHint())
	case code == cli.ExitNobodyHas && len(r.Tried) == 0 && !c.anyNode(ctx):
		return noNode()
	case to.out == nil && p.done > 0:
		c.note("at least %s of %s stay here, verified: the same command goes on from there", cli.Bytes(p.done), cli.Bytes(p.size))
	case to.out != nil && p.done > 0 && (code == cli.ExitUndelivered || stayedBusy(lastTries(r.Tried))):
		return &cli.Failure{Code: code, Text: fmt.Sprintf("%v; the output ends after %s of %s", err, cli.Bytes(p.done), cli.Bytes(p.size))}
	}
	return err
}

// get gets one file to its place.
func (c *command) get(ctx context.Context, request peer.Request, to *target, p *progress) (client.Result, error) {
	request.Report = func(outcome roles.Outcome) { c.follow(p, outcome) }
	if to.out == nil {
		r := c.client.FetchBelow(ctx, request, to.root, to.named(request.Name))
		return r.Result, resultFailure(c.relay(), request, r.Result)
	}
	out := newPrinter(to.out, to.guard)
	r := c.client.Fetch(ctx, request, out)
	ended := out.end()
	if err := resultFailure(c.relay(), request, r.Result); err != nil {
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
