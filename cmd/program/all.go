package program

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// all gets everything that some arguments stand for into a folder.
func (e *errand) all(ctx context.Context, wanted []resolved, to *target) error {
	tally := &tally{errand: e, since: time.Now()}
	var found []pick
	for _, r := range wanted {
		switch {
		case r.failed != nil && (r.failed.Code == ExitNoRelay || r.failed.Code == ExitInterrupted):
			return r.failed
		case r.failed != nil:
			tally.fail(r.arg, r.failed)
		case r.plain:
			found = append(found, pick{name: r.arg})
		default:
			found = append(found, r.picks...)
		}
	}
	plan := newPlan(found)
	for i, note := range plan.variants {
		if i == mostTold {
			e.note("and %d more names have other contents as well", len(plan.variants)-i)
			break
		}
		e.note("%s", note)
	}
	for _, r := range plan.refused {
		tally.fail(r.name, &Failure{ExitFailure, r.why})
	}
	tally.told() // before anything is fetched
	rest := missing(ctx, to.root, plan.picks)
	tally.here = len(plan.picks) - len(rest)
	if len(rest) > 0 {
		e.fill(ctx, rest, to, tally)
	}
	return tally.sum(ctx)
}

// fill fetches files into the target's folder, and counts them.
func (e *errand) fill(ctx context.Context, picks []pick, to *target, tally *tally) {
	p := newProgress("fetching", to.terminal, e.errors)
	defer p.end()
	size := uint64(0)
	for _, one := range picks {
		size += one.size
	}
	p.begin(size, 0, len(picks))
	f := filler{client: e.Client, root: to.root, progress: p, watch: func(outcome any) {
		switch o := outcome.(type) {
		case client.Tried:
			if e.verbose {
				p.say("%s", triedLine(o))
			}
		case client.Hashing:
			p.hashing(o.Node, o.Done, o.Size)
		}
	}}
	for _, t := range f.fill(ctx, picks) {
		switch {
		case t.here:
			tally.here++
		case t.done:
			tally.files++
			tally.bytes += t.size
		case t.failed.Code == ExitNobodyHas && t.hash.IsZero() && protocol.IsPattern(t.name):
			tally.fail(t.name, &Failure{ExitNobodyHas,
				fmt.Sprintf("no published name matches %q, and no node has a file of that very name", said(t.name))})
		default:
			tally.fail(t.name, t.failed)
		}
	}
	tally.stays = f.stays
}

const mostTold = 20 // lines about single files of many

// tally is what many fetches come to.
type tally struct {
	*errand
	since   time.Time
	here    int // files that were here already
	files   int // fetched
	bytes   uint64
	stays   int // files of which a part stays
	first   *Failure
	failed  int
	pending []string // failures that have not been told
}

func (t *tally) fail(name string, why *Failure) {
	if t.first == nil || t.first.Code == ExitInterrupted {
		t.first = why
	}
	t.failed++
	if why.Code == ExitInterrupted {
		return
	}
	text, quoted := why.Text, fmt.Sprintf("%q", said(name))
	if !strings.Contains(text, quoted) {
		text = quoted + ": " + text
	}
	t.pending = append(t.pending, text)
}

// told tells people the failures that they have not been told.
func (t *tally) told() {
	for i, line := range t.pending {
		if i == mostTold {
			fmt.Fprintf(t.errors, "peer-client: and %s more failures\n", grouped(len(t.pending)-i))
			break
		}
		fmt.Fprintf(t.errors, "peer-client: %s\n", line)
	}
	t.pending = nil
}

// sum says what it came to in all, and returns the first failure.
func (t *tally) sum(ctx context.Context) error {
	t.told()
	line := files(t.files) + " fetched"
	if t.files > 0 {
		line += ", " + paceText(t.bytes, time.Since(t.since))
	}
	if t.here > 0 {
		line += fmt.Sprintf("; %s here already", files(t.here))
	}
	if t.failed > 0 {
		line += fmt.Sprintf("; %s not fetched", files(t.failed))
	}
	if t.stays > 0 {
		line += fmt.Sprintf("; of %s a part stays: the same command goes on", files(t.stays))
	}
	t.note("%s", line)
	if ctx.Err() != nil {
		return &Failure{ExitInterrupted, "interrupted"}
	}
	if t.first != nil {
		return &Failure{Code: t.first.Code}
	}
	return nil
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return grouped(n) + " files"
}
