package peer

import (
	"context"
	"errors"
	"slices"

	"github.com/relaypeer/relaypeer/roles/client"
)

// unanswered reports whether nobody has said what an argument stands for.
func unanswered(arg Resolution) bool {
	return errors.Is(arg.Err, ErrNoRelay) || errors.Is(arg.Err, ErrInterrupted)
}

// resolve returns what arguments stand for, once that does not change by itself or no time is left. For a name that
// nobody has published, nodes are asked before anything is waited for.
func (a *fetchAll) resolve(ctx context.Context, args []string) (found []Resolution) {
	err := a.patience.await(ctx, func() (why Awaited) {
		found = a.client.ResolveAll(ctx, args)
		for i := range found {
			if !found[i].Plain {
				why.add(found[i].Awaited())
			}
		}
		return why
	})
	for i := range found {
		if err != nil && !found[i].Plain && !found[i].Awaited().IsZero() {
			found[i].Err = err
		}
	}
	return found
}

// take returns what arguments stand for, and counts the hidden files that are passed over.
func (a *fetchAll) take(found []Resolution) (offers []client.Offer) {
	passed := map[string]bool{}
	for _, arg := range found {
		offers = joined(offers, a.takeOne(arg, passed))
	}
	for _, some := range [][]client.Offer{a.request.Offers, offers} {
		for _, offer := range some {
			delete(passed, offer.Name)
		}
	}
	a.Hidden += len(passed)
	return offers
}

func (a *fetchAll) takeOne(arg Resolution, passed map[string]bool) []client.Offer {
	if arg.Folder && !arg.Plain {
		a.Covers.Add(arg.Covers)
	}
	if !a.request.Hidden {
		arg.Visible()
	}
	for _, name := range arg.Hidden {
		passed[name] = true
	}
	delete(a.plain, arg.Arg)
	switch {
	case arg.Err != nil:
		a.Unknown = append(a.Unknown, arg)
		return nil
	case arg.Plain:
		a.plain[arg.Arg] = arg.Covers
		return []client.Offer{{Name: arg.Arg}}
	}
	return arg.Offers
}

// await asks again for files that were not found so far, for as long as the client waits.
func (a *fetchAll) await(ctx context.Context) {
	first := true
	err := a.patience.await(ctx, func() Awaited {
		if !first {
			a.again(ctx)
		}
		first = false
		return a.early()
	})
	for i := range a.Files {
		if file := &a.Files[i]; err != nil && file.Result.Outcome == client.TooEarly {
			file.Result = stopped(file.Result)
			a.report(*file)
		}
	}
}

// early returns what may yet bring a file that was not found.
func (a *fetchAll) early() (why Awaited) {
	for _, file := range a.Files {
		if file.Result.Outcome != client.TooEarly {
			continue
		}
		why.add(AwaitedOf(file.Result))
		if covers, is := a.plain[file.Names[0]]; is {
			why.add(covers.Awaited())
		}
	}
	return why
}

// again asks for the files that were not found so far. A name that nobody had published may be that of a folder by now.
func (a *fetchAll) again(ctx context.Context) {
	early := map[string]bool{}
	a.Files = slices.DeleteFunc(a.Files, func(file client.Gathered) bool {
		is := file.Result.Outcome == client.TooEarly
		for i := 0; is && i < len(file.Names); i++ {
			early[file.Names[i]] = true
		}
		return is
	})
	var args []string
	var offers []client.Offer
	a.Chosen.Picks = slices.DeleteFunc(a.Chosen.Picks, func(pick client.Offer) bool {
		_, plain := a.plain[pick.Name]
		switch {
		case !early[pick.Name]:
			return false
		case plain:
			args = append(args, pick.Name)
		default:
			offers = append(offers, pick)
		}
		return true
	})
	found, has := a.resolve(ctx, args), len(a.Files)
	for i := range found {
		if unanswered(found[i]) { // the files will say so
			found[i] = Resolution{Arg: found[i].Arg, Plain: true}
		}
	}
	a.fetch(ctx, a.choose(joined(offers, a.take(found))))
	if slices.ContainsFunc(a.Files[has:], func(file client.Gathered) bool { return file.Result.Outcome == client.Fetched }) {
		a.patience.brought()
	}
}

// maybeFolder returns the result of a name that may yet be published as one of a folder.
func maybeFolder(r client.Result, covers Coverage) client.Result {
	if r.Outcome == client.NobodyHad && covers.Err() != nil {
		r.Outcome, r.Young = client.TooEarly, covers.Young
	}
	return r
}
