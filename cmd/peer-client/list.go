package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// tellList prints what is published.
func (c *command) tellList(ctx context.Context) error {
	if c.hash != "" {
		return cli.Usage("--list lists names: --who tells which nodes have a content")
	}
	if len(c.args) > 0 {
		return c.tellMatches(ctx)
	}
	found, covers, err := c.client.ListCovered(ctx, "", false)
	switch {
	case err != nil:
		return queryFailure(c.client.Relay, err)
	case len(found) == 0 && covers.Err() == nil:
		c.say("nothing is published")
	case len(found) > 0:
		if err := c.printFound(found); err != nil {
			return err
		}
	}
	return c.tellCoverage(covers)
}

// printFound prints contents under names, for whoever reads them.
func (c *command) printFound(found []client.Offer) error {
	if c.events == nil {
		return printList(c.stdout, found, cli.IsTerminal(c.stdout))
	}
	contents := countContents(found)
	for _, one := range found {
		c.events.tell(listedEvent{"listed", one.Name, one.Size, hashText(one.Hash), one.Count, contents[one.Name]})
	}
	return nil
}

// countContents returns how many contents each name has.
func countContents(found []client.Offer) map[string]int {
	contents := map[string]int{}
	for _, one := range found {
		contents[one.Name]++
	}
	return contents
}

// tellMatches prints what is published of what the arguments stand for.
func (c *command) tellMatches(ctx context.Context) error {
	var found []client.Offer
	var missing []string
	var covers peer.Coverage
	for _, is := range c.client.ResolveAll(ctx, c.args) {
		if code := cli.ExitCode(is.Err); is.Err != nil && code != cli.ExitNobodyHas && code != cli.ExitTooEarly {
			return queryFailure(c.client.Relay, is.Err)
		}
		if is.Folder {
			covers.Add(is.Covers)
		}
		if found = append(found, is.Offers...); len(is.Offers) == 0 {
			missing = append(missing, is.Arg)
		}
	}
	if found = client.Merge(found); len(found) > 0 {
		if err := c.printFound(found); err != nil {
			return err
		}
	}
	if err := c.tellCoverage(covers); err != nil || len(missing) == 0 {
		return err
	}
	return unmatched(missing...)
}

// printList writes one line for each content of each name: a table for people, or columns with tabs
// between them: name, bytes, hash (- where it is not known), nodes that have it, contents of that name.
func printList(out io.Writer, found []client.Offer, people bool) error {
	contents := countContents(found)
	if people {
		return printTable(out, found, contents)
	}
	var line []byte
	for _, one := range found {
		line = append(line[:0], one.Name...)
		line = strconv.AppendUint(append(line, '\t'), one.Size, 10)
		line = append(append(line, '\t'), hashColumn(one.Hash)...)
		line = strconv.AppendUint(append(line, '\t'), one.Count, 10)
		line = strconv.AppendInt(append(line, '\t'), int64(contents[one.Name]), 10)
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// hashColumn returns a hash, or - where no node knows the content.
func hashColumn(hash protocol.Hash) string {
	if hash.IsZero() {
		return "-"
	}
	return hash.String()
}

func shortHashColumn(hash protocol.Hash) string {
	if hash.IsZero() {
		return "-"
	}
	return cli.ShortHash(hash)
}

func printTable(out io.Writer, found []client.Offer, contents map[string]int) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.StripEscape)
	fmt.Fprintf(table, "SIZE\tNODES\tHASH\tNAME\n")
	for _, one := range found {
		note := ""
		if n := contents[one.Name]; n > 1 {
			note = fmt.Sprintf("  (1 of %d contents)", n)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s%s\n", cli.Bytes(one.Size), one.Count, shortHashColumn(one.Hash), cli.ForDisplay(one.Name), note)
	}
	return table.Flush()
}
