package peer

import (
	"context"
	"errors"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// AllRequest is what FetchAll is for. Args are names, folders (photos/) and patterns (photos/**/*.jpg); see Resolve.
type AllRequest struct {
	Args []string
	// Offers are to be fetched beside what Args stand for: of an earlier List, say.
	Offers []client.Offer
	// Hidden has patterns and folders stand for hidden files as well: names with a component that begins with a dot.
	// Without it these are passed over, unless the argument has the dot there literally (.config/, 'src/.*'). A file that
	// is named as it is, or offered, is wanted.
	Hidden bool
	// Wants decides on each name; nil: all are wanted.
	Wants func(name string) bool
	// Chosen is called once it is known what can be fetched, with the result so far: Unknown and Chosen. Nil: it is not
	// called.
	Chosen func(soFar AllResult)
	// Missing is called before anything is fetched, with what is not here already, which is something. Nil: it is not
	// called.
	Missing func(missing []client.Offer)
	// Options are how files are put in their places.
	Options store.Options
	// Report is called with what happens (client.Gathered for each content; Begun, Checking, Hashing, Had, Tried), from
	// one goroutine at a time. Nil: it is not called.
	Report func(roles.Outcome)
}

// AllResult is the result of FetchAll.
type AllResult struct {
	Files   []client.Gathered // a content each, with its names; one that is only in some of its places twice
	Here    int               // files that were here already
	Chosen  client.Choice     // its clashes are those that are left at the end
	Hidden  int               // names of hidden files that were passed over
	Unknown []Resolution      // arguments that stand for nothing, or could not be resolved
	Covers  Coverage          // how much of what there is the folders and patterns have brought
	Closing error             // of our own disk, when what is not whole was to be put away
}

// Err returns nil if all that is wanted is in its place, and otherwise the first error.
func (r AllResult) Err() error {
	for _, arg := range r.Unknown {
		return arg.Err
	}
	if r.Closing != nil {
		return &Error{Kind: ErrDisk, Text: r.Closing.Error(), Err: r.Closing}
	}
	for _, clash := range r.Chosen.Clashes {
		return &Error{Kind: ErrClash, Text: clash.Name + " and " + clash.Other}
	}
	for _, file := range r.Files {
		if err := resultError(file.Result); err != nil {
			return err
		}
	}
	return r.Covers.Err()
}

// FetchAll gets files into a folder, each under its own name. Files that are there with the same content are not
// fetched again, and an interrupted FetchAll goes on where it was when it is called again. Of several contents of a name
// it takes the one that most nodes have. Where one name is a file and the folder of others, see client.Choose: the one
// that loses is fetched if the other cannot be delivered. It waits for what folders and patterns may soon stand for, and,
// with the others in their places, for names that were not found so far.
func (c *Client) FetchAll(ctx context.Context, request AllRequest, folder *os.Root) AllResult {
	if _, refusal := c.expected(); refusal != nil {
		return AllResult{Unknown: []Resolution{{Err: refusal}}}
	}
	a := &fetchAll{client: c, request: request, folder: folder, patience: c.patience(), plain: map[string]Coverage{}}
	found := a.resolve(ctx, request.Args)
	for _, arg := range found {
		if unanswered(arg) {
			a.Unknown = []Resolution{arg}
			return a.AllResult
		}
	}
	picks := a.choose(joined(slices.Clone(request.Offers), a.take(found)))
	if request.Chosen != nil {
		request.Chosen(a.AllResult)
	}
	a.fetch(ctx, picks)
	a.await(ctx)
	if second := a.secondChoice(folder); len(second) > 0 && ctx.Err() == nil {
		a.Chosen.Picks = append(a.Chosen.Picks, second...)
		a.fetch(ctx, second)
		a.await(ctx)
	}
	a.reportEarly()
	return a.AllResult
}

// fetchAll is a FetchAll under way.
type fetchAll struct {
	client   *Client
	request  AllRequest
	folder   *os.Root
	patience *patience
	plain    map[string]Coverage // of names that nobody has published
	AllResult
}

// choose returns what of some offers is to be fetched, and adds it to the choice.
func (a *fetchAll) choose(offers []client.Offer) []client.Offer {
	choice := client.Choose(wanted(offers, a.request.Wants))
	a.Chosen.Picks = joined(a.Chosen.Picks, choice.Picks)
	a.Chosen.Variants = append(a.Chosen.Variants, choice.Variants...)
	a.Chosen.Clashes, a.Chosen.Lost = append(a.Chosen.Clashes, choice.Clashes...), append(a.Chosen.Lost, choice.Lost...)
	return choice.Picks
}

// fetch gets those of the picks that are not here.
func (a *fetchAll) fetch(ctx context.Context, picks []client.Offer) {
	rest, here := missing(ctx, a.folder, picks)
	a.Here += len(here)
	if len(rest) == 0 {
		return
	}
	if a.request.Missing != nil {
		a.request.Missing(rest)
	}
	a.gather(ctx, rest, here)
}

// secondChoice returns what lost against names that could not be delivered, and takes it from the
// clashes.
func (r *AllResult) secondChoice(folder *os.Root) (second []client.Offer) {
	delivered := map[string]bool{}
	for _, pick := range r.Chosen.Picks {
		delivered[pick.Name] = true
	}
	for _, file := range r.Files {
		if file.Result.Outcome != client.Fetched {
			for _, name := range file.Names {
				delete(delivered, name)
			}
		}
	}
	above := map[string]bool{} // folders of what is there
	for name := range delivered {
		for ; strings.Contains(name, "/"); above[name] = true {
			name = path.Dir(name)
		}
	}
	chosen := r.Chosen
	r.Chosen.Clashes, r.Chosen.Lost = nil, nil
	for i, clash := range chosen.Clashes {
		if clash.Kind == client.FileInTheWay && delivered[clash.Other] || clash.Kind == client.FolderNeeded && above[clash.Name] {
			r.Chosen.Clashes, r.Chosen.Lost = append(r.Chosen.Clashes, clash), append(r.Chosen.Lost, chosen.Lost[i])
			continue
		}
		folder.Remove(clash.Name) // an empty folder that the others have left
		second = append(second, chosen.Lost[i])
	}
	return second
}

// missing returns the picks whose content does not lie in the folder yet, and the names of those whose does.
func missing(ctx context.Context, folder *os.Root, picks []client.Offer) (rest []client.Offer, here []string) {
	files := make([]protocol.Entry, len(picks))
	for i, pick := range picks {
		files[i] = protocol.Entry{Name: pick.Name, Size: pick.Size, Hash: pick.Hash}
	}
	present := store.Present(ctx, folder, files)
	if !slices.Contains(present, true) {
		return picks, nil
	}
	for i, is := range present {
		if is {
			here = append(here, picks[i].Name)
		} else {
			rest = append(rest, picks[i])
		}
	}
	return rest, here
}

// joined returns offers with others behind them. Of either without the other it makes no copy: there may be
// millions.
func joined(offers, others []client.Offer) []client.Offer {
	if len(offers) == 0 {
		return slices.Clip(others)
	}
	return append(offers, others...)
}

func wanted(offers []client.Offer, wants func(name string) bool) []client.Offer {
	if wants == nil {
		return offers
	}
	var some []client.Offer
	for _, offer := range offers {
		if wants(offer.Name) {
			some = append(some, offer)
		}
	}
	return some
}

// gather runs the machine that fetches what is not here.
func (a *fetchAll) gather(ctx context.Context, rest []client.Offer, here []string) {
	c, options := a.client, a.request.Options
	gather := client.NewGather(client.GatherRequest{Relay: c.Relay, RelayID: c.relay.current(), Entry: c.entry(), Sources: c.sources(), Direct: c.NoCircuits, Wanted: rest})
	from := len(a.Files)
	a.Files = slices.Grow(a.Files, len(gather.Names()))
	options.NoTimes = options.NoTimes || c.NoTimes
	to := store.NewFolder(a.folder, gather.Names(), options)
	to.Beside(here)
	c.run(ctx, gather, to, a.gathered)
	a.Closing = errors.Join(a.Closing, to.Close())
	for i := from; i < len(a.Files); i++ {
		if file := &a.Files[i]; file.Result.Outcome == client.DiskFailed && len(file.Names) > 1 {
			a.Files = append(a.Files, placed(ctx, a.folder, file)...)
		}
	}
}

// gathered keeps and passes on what is reported. A file that may yet be found is kept to itself: see reportEarly.
func (a *fetchAll) gathered(outcome roles.Outcome) {
	if file, is := outcome.(client.Gathered); is {
		file.Result = maybeFolder(file.Result, a.plain[file.Names[0]])
		a.Files = append(a.Files, file)
		if outcome = file; file.Result.Outcome == client.TooEarly {
			return
		}
	}
	a.report(outcome)
}

func (a *fetchAll) report(outcome roles.Outcome) {
	if a.request.Report != nil {
		a.request.Report(outcome)
	}
}

// reportEarly reports the files that were not found so far, once nothing more is tried.
func (a *fetchAll) reportEarly() {
	for _, file := range a.Files {
		if file.Result.Outcome == client.TooEarly {
			a.report(file)
		}
	}
}

// placed takes from a content that is not in all its places the names of those where it is.
func placed(ctx context.Context, folder *os.Root, file *client.Gathered) []client.Gathered {
	offers := make([]client.Offer, len(file.Names))
	for i, name := range file.Names {
		offers[i] = client.Offer{Name: name, Identity: client.Identity{Hash: file.Result.Hash, Size: file.Result.Size}}
	}
	lost := map[string]bool{}
	rest, _ := missing(ctx, folder, offers)
	for _, offer := range rest {
		lost[offer.Name] = true
	}
	there := *file
	there.Names = slices.DeleteFunc(slices.Clone(file.Names), func(name string) bool { return lost[name] })
	if len(there.Names) == 0 || ctx.Err() != nil {
		return nil
	}
	file.Names = slices.DeleteFunc(slices.Clone(file.Names), func(name string) bool { return !lost[name] })
	file.Result.Kept, file.Result.From = 0, nil // what came is in its place, and no part
	there.Result.Outcome, there.Result.Code, there.Result.Text, there.Result.Cause = client.Fetched, 0, "", nil
	return []client.Gathered{there}
}
