package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/roles/client"
)

// tellList prints what is published.
func (c *command) tellList(ctx context.Context) error {
	if c.hash != "" {
		return cli.Usage("--list lists names: --who tells which nodes have a content")
	}
	if len(c.args) > 0 {
		return c.tellMatches(ctx)
	}
	found, err := c.client.ListAll(ctx, "", false)
	switch {
	case err != nil:
		return queryFailure(c.client.Relay, err)
	case len(found) == 0:
		c.say("nothing is published")
		return nil
	}
	return c.printFound(found)
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
	for _, is := range c.client.ResolveAll(ctx, c.args) {
		if is.Err != nil && cli.ExitCode(is.Err) != cli.ExitNobodyHas {
			return queryFailure(c.client.Relay, is.Err)
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
	if len(missing) > 0 {
		return unmatched(missing...)
	}
	return nil
}

// printList writes one line for each content of each name: a table for people, or columns with tabs
// between them: name, bytes, hash, nodes that have it, contents of that name.
func printList(out io.Writer, found []client.Offer, people bool) error {
	contents := countContents(found)
	if people {
		return printTable(out, found, contents)
	}
	var line []byte
	for _, one := range found {
		line = append(line[:0], one.Name...)
		line = strconv.AppendUint(append(line, '\t'), one.Size, 10)
		line = append(append(line, '\t'), one.Hash.String()...)
		line = strconv.AppendUint(append(line, '\t'), one.Count, 10)
		line = strconv.AppendInt(append(line, '\t'), int64(contents[one.Name]), 10)
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func printTable(out io.Writer, found []client.Offer, contents map[string]int) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.StripEscape)
	fmt.Fprintf(table, "SIZE\tNODES\tHASH\tNAME\n")
	for _, one := range found {
		note := ""
		if n := contents[one.Name]; n > 1 {
			note = fmt.Sprintf("  (1 of %d contents)", n)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s%s\n", cli.Bytes(one.Size), one.Count, cli.ShortHash(one.Hash), cli.ForDisplay(one.Name), note)
	}
	return table.Flush()
}
