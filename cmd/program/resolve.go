package program

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/relaypeer/relaypeer/protocol"
)

// checkWanted judges an argument that stands for files: a name, a folder with a slash behind it, or a pattern.
func checkWanted(arg string) error {
	err := protocol.CheckName(strings.TrimSuffix(arg, "/"))
	if err != nil && protocol.IsPattern(arg) && strings.ContainsAny(arg, `*?[\`) {
		err = protocol.CheckPattern(arg)
	}
	switch {
	case err == nil:
		return nil
	case strings.HasPrefix(arg, "/") || strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "../"):
		return usage("%q: %s; names begin in the folder that is shared: photos/beach.jpg", said(arg), protocol.AsError(err).Text)
	}
	return usage("%q: %s", said(arg), protocol.AsError(err).Text)
}

// resolved is what an argument stands for.
type resolved struct {
	arg    string
	picks  []pick // published under it
	plain  bool   // a name that nobody has published: nodes have to be asked for it
	folder bool   // the picks are below it, or match it
	failed *Failure
}

// Resolve finds out what an argument stands for: a published name, else a folder of published names, else what matches
// it as a pattern. A name with brackets in it is tried as what it says before it is taken for a pattern.
func (c Client) Resolve(ctx context.Context, arg string) resolved {
	r := resolved{arg: arg}
	name := protocol.CheckName(arg) == nil
	if name {
		var have []protocol.Peer
		have, _, r.failed = c.Who(ctx, arg, protocol.Hash{})
		if r.picks = picksOf(arg, have); r.failed != nil || len(r.picks) > 0 {
			return r
		}
	}
	r.folder = true
	patterns := []string{literal(strings.TrimSuffix(arg, "/")) + "/"}
	if strings.ContainsAny(arg, `*?[\`) {
		patterns = append(patterns, arg)
	}
	for _, pattern := range patterns {
		if protocol.CheckPattern(pattern) != nil {
			continue
		}
		if r.picks, r.failed = c.List(ctx, pattern, true); r.failed != nil || len(r.picks) > 0 {
			return r
		}
	}
	if r.plain = name; !name {
		r.failed = unmatched(arg)
	}
	return r
}

// unmatched says that arguments stand for nothing.
func unmatched(args ...string) *Failure {
	var quoted []string
	for _, arg := range args {
		quoted = append(quoted, fmt.Sprintf("%q", said(arg)))
	}
	return &Failure{ExitNobodyHas, "no published name matches " + few(quoted)}
}

// resolveAll resolves several arguments, some at a time, and keeps their order.
func (c Client) resolveAll(ctx context.Context, args []string) []resolved {
	const atOnce = 8
	all := make([]resolved, len(args))
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

// picksOf returns the contents of a name that these nodes have.
func picksOf(name string, have []protocol.Peer) (picks []pick) {
	at := map[protocol.Hash]int{}
	for _, peer := range have {
		i, known := at[peer.Hash]
		if !known {
			i, at[peer.Hash] = len(picks), len(picks)
			picks = append(picks, pick{name: name, size: peer.Size, hash: peer.Hash})
		}
		picks[i].count++
		if len(picks[i].holders) < protocol.MaxHolders {
			picks[i].holders = append(picks[i].holders, peer.Addr())
		}
	}
	return merge(picks)
}

// wholeHash returns the published content of a name whose hash begins so.
func (c Client) wholeHash(ctx context.Context, name, beginning string) (protocol.Hash, *Failure) {
	have, _, failed := c.Who(ctx, name, protocol.Hash{})
	if failed != nil {
		return protocol.Hash{}, failed
	}
	var found []protocol.Hash
	for _, one := range picksOf(name, have) {
		if strings.HasPrefix(one.hash.String(), beginning) {
			found = append(found, one.hash)
		}
	}
	switch len(found) {
	case 0:
		return protocol.Hash{}, &Failure{ExitNobodyHas,
			fmt.Sprintf("no node has published %q with a hash that begins with %s", said(name), beginning)}
	case 1:
		return found[0], nil
	}
	return protocol.Hash{}, usage("--hash %s: %d contents of %q begin so", beginning, len(found), said(name)).(*Failure)
}
