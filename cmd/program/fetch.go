package program

import (
	"context"
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// fetch gets what the errand is about.
func (e *errand) fetch(ctx context.Context) error {
	wish := client.Request{}
	if e.hash != "" {
		var err error
		if wish, err = e.wish(ctx); err != nil {
			return err
		}
	}
	to, err := parseTarget(e.output, len(e.args), e.stdout, e.errors)
	if err != nil {
		return err
	}
	defer to.close()
	switch {
	case len(e.args) == 0:
		if to.folder() {
			return usage("-o %s: a hash is no name; -o FILE gives one", e.output)
		}
		return failing(e.single(ctx, wish, to))
	case len(e.args) == 1 && !protocol.IsPattern(e.args[0]):
		wish.Name = e.args[0]
		return e.named(ctx, wish, to)
	case to.folder():
		return e.all(ctx, e.resolveAll(ctx, e.args), to)
	}
	return e.inTurn(ctx, to)
}

// failing returns a failure as an error, and none as none.
func failing(f *Failure) error {
	if f == nil {
		return nil
	}
	return f
}

// named gets a file by its name, or, if no node has it, what is in the folder of that name.
func (e *errand) named(ctx context.Context, wish client.Request, to *target) error {
	failed := e.single(ctx, wish, to)
	if failed == nil {
		return nil
	}
	if failed.Code != ExitNobodyHas || !wish.Hash.IsZero() {
		return failed
	}
	below, notListed := e.List(ctx, literal(wish.Name)+"/", to.folder())
	switch {
	case notListed != nil || len(below) == 0:
		return failed
	case to.folder():
		return e.all(ctx, []resolved{{arg: wish.Name, picks: below, folder: true}}, to)
	}
	return &Failure{ExitNobodyHas,
		fmt.Sprintf("%q is a folder with %s: -o DIR/ gets all of it", said(wish.Name), count(len(below), "file", "files"))}
}

// inTurn prints several files one after the other, and returns the first failure. It goes on after it, unless that is one
// which the next file would only repeat: the user has had enough, or the relay cannot be asked.
func (e *errand) inTurn(ctx context.Context, to *target) error {
	var first *Failure
	for _, arg := range e.args {
		failed := e.inItsTurn(ctx, arg, to)
		if failed == nil {
			continue
		}
		if first == nil {
			first = &Failure{Code: failed.Code}
		}
		if failed.Text != "" {
			fmt.Fprintf(e.errors, "peer-client: %s\n", failed.Text)
		}
		if failed.Code == ExitInterrupted {
			return &Failure{Code: ExitInterrupted}
		}
		if failed.Code == ExitNoRelay {
			break
		}
	}
	if first != nil {
		return first
	}
	return nil
}

// inItsTurn gets a file where only one can go. What looks like a pattern may yet be a file's name.
func (e *errand) inItsTurn(ctx context.Context, arg string, to *target) *Failure {
	if protocol.IsPattern(arg) {
		r := e.Resolve(ctx, arg)
		if r.failed != nil {
			return r.failed
		}
		if r.folder && !r.plain {
			return usage("%q stands for %s: -o DIR/ gets all of them", said(arg), count(len(r.picks), "file", "files")).(*Failure)
		}
	}
	return e.single(ctx, client.Request{Name: arg}, to)
}

// single gets one file to its place, and tells people how that goes.
func (e *errand) single(ctx context.Context, wish client.Request, to *target) *Failure {
	wish.Once = to.out != nil
	label := wish.Name
	if label == "" {
		label = short(wish.Hash)
	}
	p := newProgress(label, to.terminal, e.errors)
	since := time.Now()
	r, failed := e.fetchOne(ctx, wish, to.place(wish.Name), p)
	p.end()
	if note := variantsOf(r); note != "" {
		e.note("%s", note)
	}
	switch {
	case failed == nil && to.out == nil:
		e.note("%s", oneLine(to.named(wish.Name), r, time.Since(since)))
	case failed != nil && failed.Code == ExitNobodyHas && len(r.Tried) == 0 && !e.Anybody(ctx):
		return &Failure{ExitNobodyHas, "no node is registered at the relay"}
	case failed != nil && to.out == nil && p.done > 0:
		e.note("%s of %s stay here, verified: the same command goes on from there", bytesText(p.done), bytesText(p.size))
	case failed != nil && to.out != nil && p.done > 0 && failed.Code == ExitUndelivered:
		failed.Text += fmt.Sprintf("; the output ends after %s of %s", bytesText(p.done), bytesText(p.size))
	}
	return failed
}

// note tells people something that is no failure. Whoever asks for no more than warnings is spared it.
func (e *errand) note(format string, args ...any) {
	if e.Log.IsInfo() {
		fmt.Fprintf(e.errors, format+"\n", args...)
	}
}
