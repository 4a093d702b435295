package program

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/relaypeer/relaypeer/protocol"
)

// tellList prints what is published.
func (e *errand) tellList(ctx context.Context) error {
	if e.hash != "" {
		return usage("--list lists names: --who tells which nodes have a content")
	}
	if len(e.args) == 0 {
		found, failed := e.List(ctx, "", false)
		if failed != nil {
			return failed
		}
		if len(found) == 0 {
			fmt.Fprintln(e.errors, "nothing is published")
			return nil
		}
		return e.printed(printList(e.stdout, found, isTerminal(e.stdout)))
	}
	var found []pick
	var missing []string
	for _, r := range e.resolveAll(ctx, e.args) {
		if r.failed != nil && r.failed.Code != ExitNobodyHas {
			return r.failed
		}
		if found = append(found, r.picks...); len(r.picks) == 0 {
			missing = append(missing, r.arg)
		}
	}
	if found = merge(found); len(found) > 0 {
		if err := e.printed(printList(e.stdout, found, isTerminal(e.stdout))); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		return unmatched(missing...)
	}
	return nil
}

// tellWho prints which nodes have a file.
func (e *errand) tellWho(ctx context.Context) error {
	if len(e.args) != 1 && (len(e.args) != 0 || e.hash == "") {
		return usage("--who tells about one name: give it behind the relay's host and port")
	}
	var name string
	if len(e.args) == 1 {
		name = e.args[0]
		if err := protocol.CheckName(name); err != nil {
			return usage("--who tells about one name, and %q is none: %s", said(name), protocol.AsError(err).Text)
		}
	}
	hash := protocol.Hash{}
	if e.hash != "" {
		wish, err := e.wish(ctx)
		if err != nil {
			return err
		}
		hash = wish.Hash
	}
	have, may, failed := e.Who(ctx, name, hash)
	if failed != nil {
		return failed
	}
	if len(have)+len(may) == 0 {
		return e.nobody(ctx, name, hash)
	}
	byAddress := func(a, b protocol.Peer) int {
		return cmp.Or(slices.Compare(a.Hash[:], b.Hash[:]), a.Addr().Compare(b.Addr()))
	}
	slices.SortFunc(have, byAddress)
	slices.SortFunc(may, byAddress)
	return e.printed(printWho(e.stdout, have, may, isTerminal(e.stdout)))
}

// nobody says that a file is nowhere, and whether there is any node at all.
func (e *errand) nobody(ctx context.Context, name string, hash protocol.Hash) *Failure {
	if !e.Anybody(ctx) {
		return &Failure{ExitNobodyHas, "no node is registered at the relay"}
	}
	if name == "" {
		return &Failure{ExitNobodyHas, fmt.Sprintf("no node has content %s", hash)}
	}
	if protocol.IsPattern(name) {
		return &Failure{ExitNobodyHas, fmt.Sprintf("no node has %q: --who takes one name, --list takes patterns", said(name))}
	}
	return &Failure{ExitNobodyHas, fmt.Sprintf("no node has %q", said(name))}
}

// printed judges how printing went.
func (e *errand) printed(err error) error {
	if errors.Is(err, syscall.EPIPE) { // whoever reads has had enough
		return &Failure{Code: ExitFailure}
	}
	return err
}
