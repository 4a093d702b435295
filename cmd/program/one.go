package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// place is where one file goes.
type place interface {
	transport.Store
	// Close ends the place, kept or not. What has come till then stays for the next try, where anything can.
	Close() error
}

// stream is a place where content is printed as it comes.
type stream struct {
	*store.Stream
	*printer
}

func printing(out io.Writer, guard bool) place {
	p := &printer{out: out, guard: guard}
	return stream{store.NewStream(p), p}
}

// fetchOne gets one file to its place, and ends that.
func (e *errand) fetchOne(ctx context.Context, wish client.Request, to place, p *progress) (client.Result, *Failure) {
	r := e.Fetch(ctx, wish, to, func(outcome roles.Outcome) { e.follow(p, outcome) })
	failed := failure(e.Relay, wish, r)
	if printed, is := to.(stream); is {
		switch err := printed.Flush(ctx); {
		case err != nil && ctx.Err() != nil:
			failed = &Failure{ExitInterrupted, "interrupted"}
		case err != nil:
			failed = diskFailure(err)
		case failed == nil && printed.end() != nil:
			failed = diskFailure(printed.err)
		}
	}
	if err := to.Close(); err != nil && failed == nil {
		failed = diskFailure(err)
	}
	return r, failed
}

// diskFailure says that our own disk, or whoever reads what is printed, has had enough.
func diskFailure(err error) *Failure {
	if errors.Is(err, syscall.EPIPE) {
		return &Failure{Code: ExitFailure}
	}
	return &Failure{ExitFailure, err.Error()}
}

// follow shows people what a fetch reports.
func (e *errand) follow(p *progress, outcome roles.Outcome) {
	switch o := outcome.(type) {
	case client.Begun:
		if o.Other {
			p.say("what was here of an earlier try was another content: starting anew")
		}
		if o.Kept > 0 && o.Kept < o.Size {
			p.say("going on at %s of %s (already here and verified)", bytesText(o.Kept), bytesText(o.Size))
		}
		p.begin(o.Size, o.Kept, 0)
	case client.Checking:
		p.wait("verifying what is here: %d %% of %s", percent(o.Done, o.Size), bytesText(o.Size))
	case client.Hashing:
		p.hashing(o.Node, o.Done, o.Size)
	case client.Had:
		p.had(o.Bytes, 0)
	case client.Tried:
		if e.verbose {
			p.say("%s", triedLine(o))
		}
	}
}

func triedLine(t client.Tried) string {
	took := t.Took.Round(time.Microsecond)
	if t.Code == 0 {
		return fmt.Sprintf("%s ok %v", t.Node, took)
	}
	return fmt.Sprintf("%s %s %v (the %s: %s)", t.Node, t.Code, took, t.By, said(t.Text))
}

// fromWhom lists some nodes.
func fromWhom(from []netip.AddrPort) string {
	var nodes []string
	for _, node := range from {
		nodes = append(nodes, node.String())
	}
	return few(nodes)
}

// oneLine says what a fetch to a file came to.
func oneLine(name string, r client.Result, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", said(name))
	switch {
	case r.Kept == r.Size && r.Size > 0:
		fmt.Fprintf(&b, "%s were here already, verified", bytesText(r.Size))
	case r.Kept > 0:
		fmt.Fprintf(&b, "%s, verified: %s were here, %s", bytesText(r.Size), bytesText(r.Kept), paceText(r.Size-r.Kept, took))
	default:
		fmt.Fprintf(&b, "%s, verified", paceText(r.Size, took))
	}
	if len(r.From) > 0 {
		fmt.Fprintf(&b, ", from %s", fromWhom(r.From))
	}
	return b.String()
}
