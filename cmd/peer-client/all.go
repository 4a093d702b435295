package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// manyFiles is how many bytes of memory it takes to fetch a hundred thousand small files.
const manyFiles = 256 << 20

// all gets all that is wanted into the target's folder.
func (c *command) all(ctx context.Context, wanted peer.AllRequest, to *target) error {
	go cli.GrowHeap(manyFiles) // beside the first words with the relay
	s := newSummary(to.root.Name(), c.fail)
	c.newProgress(ctx, "fetching", nil)
	var published map[protocol.Hash]bool
	var told peer.AllResult
	wanted.Chosen = func(r peer.AllResult) {
		c.tellChosen(s, r, told)
		told = r
	}
	wanted.Missing = func(missing []client.Offer) {
		var size uint64
		size, published = distinct(missing)
		c.progress.end()
		c.newProgress(ctx, "fetching", to.terminal)
		c.progress.begin(size, 0, len(missing))
	}
	wanted.Report = func(outcome roles.Outcome) {
		c.followMany(c.progress, published, outcome)
		if o, is := outcome.(client.Gathered); is {
			c.tellGathered(o, to, time.Since(s.since))
		}
	}
	wanted.Hidden = c.hidden
	r := c.client.FetchAll(ctx, wanted, to.root)
	c.progress.end()
	for _, arg := range r.Unknown {
		if code := cli.ExitCode(arg.Err); code == cli.ExitNoRelay || code == cli.ExitInterrupted {
			return argumentFailure(c.relay(), arg)
		}
	}
	c.tellChosen(s, r, told) // what names came to stand for while it waited
	c.tellHere(r, to)
	c.count(s, r)
	s.tell()
	switch {
	case c.events != nil: // the events tell
	case s.any():
		c.note("%s", s.line())
	}
	if ctx.Err() != nil {
		return interrupted()
	}
	early := c.tellCoverage(r.Covers)
	if s.first == nil {
		return early
	}
	if early != nil {
		c.note("%s", early)
	}
	return &cli.Failure{Code: cli.ExitCode(s.first)}
}

// tellChosen says before anything is fetched what cannot be, and which names have other contents, but for what it has
// told before.
func (c *command) tellChosen(s *summary, r, before peer.AllResult) {
	for _, arg := range r.Unknown[len(before.Unknown):] {
		why := argumentFailure(c.relay(), arg)
		c.events.file(argumentEvent(arg.Arg, why))
		s.failArgument(arg.Arg, why)
	}
	c.noteVariants(r.Chosen.Variants[len(before.Chosen.Variants):])
	if hidden := r.Hidden - before.Hidden; hidden > 0 {
		c.note("%s passed over: --hidden takes them as well", cli.Count(hidden, "hidden file was", "hidden files were"))
	}
	s.tell()
}

// tellGathered tells the events of the files of one content.
func (c *command) tellGathered(file client.Gathered, to *target, took time.Duration) {
	if c.events == nil {
		return
	}
	for _, name := range file.Names {
		request := peer.Request{Name: name, Hash: file.Wanted}
		c.events.file(resultEvent(request, to.path(name), file.Result, resultFailure(c.relay(), request, file.Result), took))
	}
}

// tellHere tells the events of the files that were here before anything was fetched.
func (c *command) tellHere(r peer.AllResult, to *target) {
	if c.events == nil {
		return
	}
	gathered := map[string]bool{}
	for _, file := range r.Files {
		for _, name := range file.Names {
			gathered[name] = true
		}
	}
	for _, pick := range r.Chosen.Picks {
		if !gathered[pick.Name] {
			c.events.file(fileEvent{Name: pick.Name, To: to.path(pick.Name), Outcome: "here",
				Hash: hashText(pick.Hash), Bytes: pick.Size, KeptBytes: pick.Size})
		}
	}
}

// distinct returns the contents of some files, and their bytes.
func distinct(files []client.Offer) (size uint64, contents map[protocol.Hash]bool) {
	contents = map[protocol.Hash]bool{}
	for _, file := range files {
		if !file.Hash.IsZero() && !contents[file.Hash] {
			contents[file.Hash] = true
			size = min(size+file.Size, math.MaxInt64) // nodes may claim any
		}
	}
	return size, contents
}

// count adds what has become of the files to the summary, in the order of their names.
func (c *command) count(s *summary, r peer.AllResult) {
	s.here += r.Here
	slices.SortFunc(r.Files, func(a, b client.Gathered) int { return cmp.Compare(a.Names[0], b.Names[0]) })
	for _, file := range r.Files {
		if file.Result.Outcome == client.Fetched {
			s.fetched(file)
			continue
		}
		s.notFetched(file)
		if file.Result.Outcome == client.DiskFailed {
			file.Result.Text = s.withoutPlace(file.Result.Text, file.Names)
		}
		for _, name := range file.Names {
			fail := s.fail
			if file.Result.Outcome == client.NobodyHad && protocol.IsPattern(name) { // no file is called so
				fail = s.failArgument
			}
			fail(name, resultFailure(c.relay(), peer.Request{Name: name, Hash: file.Wanted}, file.Result))
		}
	}
	for _, clash := range r.Chosen.Clashes {
		why := failure(cli.ExitFailure, "%s", clashText(clash))
		c.events.file(fileEvent{Name: clash.Name, Outcome: "clash", ExitCode: cli.ExitFailure, Text: why.Error()})
		s.fail(clash.Name, why)
	}
	if r.Closing != nil {
		s.tellLater(diskFailure(r.Closing, r.Closing.Error()))
	}
}

func clashText(c client.Clash) string {
	other := cli.ForDisplay(c.Other)
	if c.Kind == client.FolderNeeded {
		return fmt.Sprintf("a folder has to be there, for %q", other)
	}
	return fmt.Sprintf("the file %q is where its folder would have to be", other)
}
