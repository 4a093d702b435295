package program

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/relaypeer/relaypeer/protocol"
)

// List returns what is published under the names that a pattern stands for, as [protocol.Match] takes it. With holders,
// some of the nodes that have each are named.
func (c Client) List(ctx context.Context, pattern string, holders bool) ([]pick, *Failure) {
	const mostItems = 5_000_000 // that we hold: a relay of roles.MaxIndex entries is asked for less at once
	var found []pick
	ask := &protocol.List{Pattern: pattern, Limit: protocol.MaxPage}
	if holders {
		ask.Holders = protocol.MaxHolders
	}
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	failed := c.Ask(ctx, ask, func(page protocol.Message) {
		listed, is := page.(*protocol.Listed)
		if !is {
			return
		}
		for _, item := range listed.Items {
			one := pick{name: item.Name, size: item.Size, hash: item.Hash, count: item.Count}
			for _, at := range item.Holders {
				one.holders = append(one.holders, listed.Peers[at].Addr())
			}
			found = append(found, one)
		}
		if len(found) > mostItems {
			enough()
		}
	})
	if len(found) > mostItems {
		return nil, &Failure{ExitFailure, fmt.Sprintf("more than %s names match: ask for fewer with a pattern", grouped(mostItems))}
	}
	return merge(found), failed
}

// Who returns the nodes that have published a file, and those that may have it although they have not.
func (c Client) Who(ctx context.Context, name string, hash protocol.Hash) (have, may []protocol.Peer, failed *Failure) {
	failed = c.Ask(ctx, &protocol.Locate{Name: name, Hash: hash, Limit: protocol.MaxPage}, func(page protocol.Message) {
		located, is := page.(*protocol.Located)
		if !is {
			return
		}
		for _, peer := range located.Peers {
			if peer.Hash.IsZero() {
				may = append(may, peer)
			} else {
				have = append(have, peer)
			}
		}
	})
	return have, may, failed
}

// printList writes one line for each content of each name: a table for people, or columns with tabs between them: name,
// bytes, hash, nodes that have it, contents of that name.
func printList(out io.Writer, found []pick, people bool) error {
	contents := map[string]int{}
	for _, one := range found {
		contents[one.name]++
	}
	if !people {
		var line []byte
		for _, one := range found {
			line = append(append(line[:0], one.name...), '\t')
			line = append(strconv.AppendUint(line, one.size, 10), '\t')
			line = append(append(line, one.hash.String()...), '\t')
			line = append(strconv.AppendUint(line, one.count, 10), '\t')
			line = append(strconv.AppendInt(line, int64(contents[one.name]), 10), '\n')
			if _, err := out.Write(line); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.StripEscape)
	fmt.Fprintf(table, "SIZE\tNODES\tHASH\tNAME\n")
	for _, one := range found {
		note := ""
		if n := contents[one.name]; n > 1 {
			note = fmt.Sprintf("  (1 of %d contents)", n)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s%s\n", bytesText(one.size), one.count, short(one.hash), said(one.name), note)
	}
	return table.Flush()
}

// short returns the beginning of a hash, which --hash takes for the whole where a name is given.
func short(h protocol.Hash) string { return h.String()[:12] }

// printWho writes one line for each node: those that have the file with bytes and hash, those that may have it without.
func printWho(out io.Writer, have, may []protocol.Peer, people bool) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(at netip.AddrPort, size, hash string) {
		if people {
			fmt.Fprintf(table, "%s\t%s\t%s\n", at, size, hash)
		} else {
			fmt.Fprintf(out, "%s\t%s\t%s\n", at, size, hash)
		}
	}
	if people {
		fmt.Fprintf(table, "NODE\tSIZE\tHASH\n")
	}
	for _, peer := range have {
		size := strconv.FormatUint(peer.Size, 10)
		if people {
			size = bytesText(peer.Size)
		}
		line(peer.Addr(), size, peer.Hash.String())
	}
	for _, peer := range may {
		if people {
			line(peer.Addr(), "", "may have it: not all that it has is published")
		} else {
			line(peer.Addr(), "-", "-")
		}
	}
	return table.Flush()
}

// literal returns the pattern that stands for exactly this name.
func literal(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}
