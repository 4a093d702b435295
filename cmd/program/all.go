package program

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// all gets everything that some arguments stand for into a folder.
func (e *errand) all(ctx context.Context, wanted []resolved, to *target) error {
	tally := &tally{errand: e, folder: to.root.Name(), since: time.Now(), at: map[string]int{}}
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
	f := filler{client: e.Client, root: to.root, progress: p, watch: func(outcome roles.Outcome) {
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
		default:
			tally.fail(t.name, t.failed)
		}
	}
	tally.stays = f.stays
}

const (
	mostTold  = 20 // lines about single files of many
	mostNamed = 3  // files in a line about several
)

// tally is what many fetches come to.
type tally struct {
	*errand
	folder  string // where the files go
	since   time.Time
	here    int // files that were here already
	files   int // fetched
	bytes   uint64
	stays   int // files of which a part stays
	first   *Failure
	failed  int
	pending []setback      // that have not been told
	at      map[string]int // where in it a reason stands
}

// setback is why some files are not there.
type setback struct {
	why   string
	names []string // quoted, some of them; none where the reason itself names the file
	files int
}

func (t *tally) fail(name string, why *Failure) {
	if t.first == nil || t.first.Code == ExitInterrupted {
		t.first = why
	}
	t.failed++
	if why.Code == ExitInterrupted {
		return
	}
	text, quoted := t.reason(name, why.Text), fmt.Sprintf("%q", said(name))
	at, again := t.at[text]
	if !again {
		at, t.at[text] = len(t.pending), len(t.pending)
		t.pending = append(t.pending, setback{why: text})
	}
	s := &t.pending[at]
	if s.files++; s.files <= mostNamed && !strings.Contains(text, quoted) {
		s.names = append(s.names, quoted)
	}
}

// reason returns what a failure says, where it is our disk's without the name: it may be the same for many.
func (t *tally) reason(name, text string) string {
	for _, place := range []string{filepath.Join(t.folder, filepath.FromSlash(name)), t.folder} {
		if reason, is := strings.CutPrefix(text, place+": "); is {
			return fmt.Sprintf("cannot be written to %s: %s", t.folder, reason)
		}
	}
	return text
}

// told tells people the failures that they have not been told.
func (t *tally) told() {
	more := 0
	for i, s := range t.pending {
		switch names := strings.Join(s.names, ", "); {
		case i >= mostTold:
			more += s.files
		case names == "":
			fmt.Fprintf(t.errors, "peer-client: %s\n", s.why)
		case s.files > len(s.names):
			fmt.Fprintf(t.errors, "peer-client: %s and %s more: %s\n", names, grouped(s.files-len(s.names)), s.why)
		default:
			fmt.Fprintf(t.errors, "peer-client: %s: %s\n", names, s.why)
		}
	}
	if more > 0 {
		fmt.Fprintf(t.errors, "peer-client: and %s more failures\n", grouped(more))
	}
	t.pending = nil
	clear(t.at)
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
