package peer

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// Resolution is what an argument stands for: a name, a folder or a pattern.
type Resolution struct {
	Arg    string
	Offers []client.Offer // published under it
	Folder bool           // the offers are below it, or match it
	Hidden []string       // names that match as well, of hidden files: see Visible
	Plain  bool           // nobody has published the name: nodes have to be asked for it
	Others int            // nodes that may have a name that is published, besides its holders
	Covers Coverage       // how much of what there is the offers are
	Err    error          // ErrNotFound: nothing matches; ErrTooEarly: so far; ErrBadName; why the relay could not be asked

	pattern string // that the offers match, if Folder
}

// Resolve returns what an argument stands for: a published name, else the published names below a folder, else
// those that match it as a pattern. A name with brackets in it is tried as it is before it is taken for a pattern.
func (c *Client) Resolve(ctx context.Context, arg string) Resolution {
	r := Resolution{Arg: arg}
	name := protocol.CheckName(arg) == nil
	if name {
		if r.Err = c.published(ctx, &r); r.Err != nil || len(r.Offers) > 0 {
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
		if r.Offers, r.Covers, r.Err = c.ListCovered(ctx, pattern, true); r.Err != nil || len(r.Offers) > 0 {
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
	var some []client.Offer
	for _, offer := range r.Offers {
		if pattern.Match([]byte(offer.Name)) {
			some = append(some, offer)
		} else {
			r.Hidden = append(r.Hidden, offer.Name)
		}
	}
	if r.Offers = some; len(some) == 0 && r.Err == nil && len(r.Hidden) > 0 {
		r.Err = &Error{Kind: ErrNotFound, Text: fmt.Sprintf("no published name matches %q but those of hidden files", r.Arg)}
	}
}

// ResolveAll resolves several arguments, some at a time, and keeps their order.
func (c *Client) ResolveAll(ctx context.Context, args []string) []Resolution {
	const atOnce = 8
	all := make([]Resolution, len(args))
	var asking errgroup.Group
	asking.SetLimit(atOnce)
	for i, arg := range args {
		asking.Go(func() error {
			all[i] = c.Resolve(ctx, arg)
			return nil
		})
	}
	asking.Wait()
	return all
}

// published finds the contents that nodes have published under a name, as far as they are known.
func (c *Client) published(ctx context.Context, r *Resolution) error {
	at := map[protocol.Hash]int{}
	var offers []client.Offer
	for holder, err := range c.who(ctx, Request{Name: r.Arg}, &r.Covers) {
		switch {
		case err != nil:
			return err
		case holder.Hash.IsZero():
			r.Others++
			continue
		}
		i, known := at[holder.Hash]
		if !known {
			i, at[holder.Hash] = len(offers), len(offers)
			offers = append(offers, client.Offer{Name: r.Arg, Identity: holder.Identity})
		}
		offers[i].Count++
		if len(offers[i].Holders) < protocol.MaxHolders {
			offers[i].Holders = append(offers[i].Holders, holder.Node)
		}
	}
	r.Offers = client.Merge(offers)
	return nil
}

// Literal returns the pattern that stands for exactly this name.
func Literal(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}
