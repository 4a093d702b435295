package peer

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/disk/extsort"
)

// Resolution is what an argument stands for: a name, a folder or a pattern.
type Resolution struct {
	Arg       string
	Offers    []client.Offer // published under it
	Folder    bool           // the offers are below it, or match it
	Hidden    []string       // names that match as well, of hidden files: see Visible
	Published bool           // names are published under it: of Matches alone
	Plain     bool           // nobody has published the name: nodes have to be asked for it
	Others    int            // nodes that may have a name that is published, besides its holders
	Covers    Coverage       // how much of what there is the offers are
	Err       error          // ErrNotFound: nothing matches; ErrTooEarly: so far; ErrBadName; why the relay could not be asked

	pattern string // that the offers match, if Folder
}

// Resolve returns what an argument stands for: a published name, else the published names below a folder, else
// those that match it as a pattern. A name with brackets in it is tried as it is before it is taken for a pattern.
// It does not wait: see Resolution.Awaited, and Await. It fails with ErrTooMany before it takes more memory than it
// should; Matches does not.
func (c *Client) Resolve(ctx context.Context, arg string) Resolution {
	return c.resolve(ctx, arg, newBudget(), extsort.DefaultMemory)
}

// resolve resolves an argument within a budget, and sorts in so much memory.
func (c *Client) resolve(ctx context.Context, arg string, may *budget, memory int) Resolution {
	names := newNames(memory, may)
	r := c.resolveNames(ctx, arg, names)
	if r.Err == nil {
		r.Offers, r.Err = may.load(names)
	}
	r.Err = cmp.Or(r.Err, names.Close())
	return r
}

// resolveNames finds the names that an argument stands for.
func (c *Client) resolveNames(ctx context.Context, arg string, names *Names) Resolution {
	r := Resolution{Arg: arg}
	name := protocol.CheckName(arg) == nil
	if name {
		if r.Err = c.published(ctx, &r, names); r.Err != nil || !names.Empty() {
			return r
		}
	}
	r.Folder = true
	patterns := []string{Literal(strings.TrimSuffix(arg, "/")) + "/"}
	if strings.ContainsAny(arg, `*?[\`) {
		patterns = append(patterns, arg)
	}
	for _, pattern := range patterns {
		if protocol.CheckPattern(pattern) != nil {
			continue
		}
		r.pattern = pattern
		covers := r.Covers
		r.Err = c.listInto(ctx, pattern, true, names)
		if r.Covers = names.Covers; r.Err != nil || !names.Empty() {
			return r
		}
		r.Covers.Add(covers)
	}
	if r.Plain = name; !name {
		r.Err = cmp.Or(r.Covers.Err(), unmatched(arg))
	}
	return r
}

func unmatched(arg string) error {
	if err := checkPattern(arg); err != nil {
		return err
	}
	return &Error{Kind: ErrNotFound, Text: fmt.Sprintf("no published name matches %q", arg)}
}

// Visible takes the hidden files out of what an argument stands for, and notes their names: those
// with a component that begins with a dot, unless the argument has that dot there literally. A
// stranger's '**' may bring a .bashrc.
func (r *Resolution) Visible() {
	if !r.Folder {
		return
	}
	pattern := protocol.NewPattern(r.pattern)
	pattern.Visible = true
	some, all := r.Offers, true // not a copy before one is hidden
	for i, offer := range r.Offers {
		switch visible := pattern.Match([]byte(offer.Name)); {
		case !visible:
			if all {
				some, all = r.Offers[:i:i], false
			}
			r.Hidden = append(r.Hidden, offer.Name)
		case !all:
			some = append(some, offer)
		}
	}
	if r.Offers = some; len(some) == 0 && r.Err == nil && len(r.Hidden) > 0 {
		if r.Err = r.Covers.Err(); r.Err != nil {
			return
		}
		r.Err = &Error{Kind: ErrNotFound, Text: fmt.Sprintf("no published name matches %q but those of hidden files", r.Arg)}
	}
}

// resolvedAtOnce is how many arguments are resolved at once. They share the memory that one has.
const resolvedAtOnce = 8

// ResolveAll resolves several arguments, some at a time, and keeps their order.
func (c *Client) ResolveAll(ctx context.Context, args []string) []Resolution {
	may := newBudget()
	return eachArgument(args, func(arg string, memory int) Resolution { return c.resolve(ctx, arg, may, memory) })
}

// Awaited returns what may soon have the argument stand for more, or for something.
func (r *Resolution) Awaited() Awaited {
	if r.Err != nil && !errors.Is(r.Err, ErrTooEarly) || !r.Folder {
		return Awaited{}
	}
	return r.Covers.Awaited()
}

// Matches returns all names that arguments stand for, and of each argument what Resolve does, but for its offers.
// While there may soon be more it asks again, for as long as the client waits. The names are to be closed.
func (c *Client) Matches(ctx context.Context, args []string) (all *Names, found []Resolution, err error) {
	stopped := c.Await(ctx, func() (why Awaited) {
		if all != nil {
			all.Close()
		}
		all, found, err = c.matches(ctx, args)
		for i := range found {
			why.add(found[i].Awaited())
		}
		return why
	})
	if err == nil && stopped != nil {
		all.Close()
		return nil, nil, stopped
	}
	return all, found, err
}

// matches returns what Matches does, as it is now.
func (c *Client) matches(ctx context.Context, args []string) (*Names, []Resolution, error) {
	all := newNames(extsort.DefaultMemory/resolvedAtOnce, nil)
	var mu sync.Mutex
	var failed error
	resolutions := eachArgument(args, func(arg string, memory int) Resolution {
		names := newNames(memory, nil)
		r := c.resolveNames(ctx, arg, names)
		r.Published = !names.Empty()
		mu.Lock()
		defer mu.Unlock()
		if failed == nil {
			failed = all.absorb(names)
		}
		failed = cmp.Or(failed, names.Close())
		return r
	})
	if failed != nil {
		all.Close()
		return nil, nil, failed
	}
	return all, resolutions, nil
}

// eachArgument resolves arguments, some at a time. These share the memory to sort in.
func eachArgument(args []string, resolve func(arg string, memory int) Resolution) []Resolution {
	all := make([]Resolution, len(args))
	var asking errgroup.Group
	asking.SetLimit(resolvedAtOnce)
	for i, arg := range args {
		asking.Go(func() error {
			all[i] = resolve(arg, extsort.DefaultMemory/min(len(args), resolvedAtOnce))
			return nil
		})
	}
	asking.Wait()
	return all
}

// published finds the contents that nodes have published under a name, as far as they are known.
func (c *Client) published(ctx context.Context, r *Resolution, names *Names) error {
	records := extsort.Sorter{Memory: names.records.Memory}
	defer records.Close()
	for holder, err := range c.who(ctx, Request{Name: r.Arg}, &r.Covers) {
		switch {
		case err != nil:
			return err
		case holder.Hash.IsZero():
			r.Others++
			continue
		}
		if err := records.Add(publishedRecord(holder, records.Len())); err != nil {
			return diskError(err)
		}
	}
	return names.addHolders(r.Arg, &records)
}

// publishedRecord returns a holder as a record: those of one content come together, in the order in
// which the relay has them.
func publishedRecord(holder Holder, number int) []byte {
	b := append([]byte(nil), holder.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, holder.Size)
	b = binary.BigEndian.AppendUint64(b, uint64(number))
	return appendNode(b, holder.Node)
}

// addHolders adds each content that the holders of a name have.
func (n *Names) addHolders(name string, records *extsort.Sorter) error {
	var offer client.Offer
	for record, err := range records.All() {
		if err != nil {
			return diskError(err)
		}
		if len(record) < identitySize+8 {
			return diskError(errNoRecord)
		}
		is := client.Identity{Hash: protocol.Hash(record[:protocol.HashSize]), Size: binary.BigEndian.Uint64(record[protocol.HashSize:])}
		if is != offer.Identity {
			if err := n.addCounted(offer); err != nil {
				return err
			}
			offer = client.Offer{Name: name, Identity: is}
		}
		if offer.Count++; len(offer.Holders) < protocol.MaxHolders {
			node, _, is := cutNode(record[identitySize+8:])
			if !is {
				return diskError(errNoRecord)
			}
			offer.Holders = append(offer.Holders, node)
		}
	}
	return n.addCounted(offer)
}

// addCounted adds an offer that a node has.
func (n *Names) addCounted(offer client.Offer) error {
	if offer.Count == 0 {
		return nil
	}
	return n.add(offer)
}

// Literal returns the pattern that stands for exactly this name.
func Literal(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}
