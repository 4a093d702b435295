package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
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
	found, err := c.client.Names(ctx, "", false)
	if err != nil {
		return queryFailure(c.relay(), err)
	}
	defer found.Close()
	if found.Empty() && found.Covers.Err() == nil {
		c.say("nothing is published")
	}
	return cmp.Or(c.printFound(found), c.tellCoverage(found.Covers))
}

// printFound prints contents under names, for whoever reads them.
func (c *command) printFound(found *peer.Names) error {
	switch {
	case found.Empty():
		return nil
	case c.events == nil:
		return printList(c.stdout, found.All(), cli.IsTerminal(c.stdout))
	}
	for one, err := range found.All() {
		if err != nil {
			return err
		}
		c.events.tell(listedEvent{"listed", one.Name, one.Size, hashText(one.Hash), one.Count, one.Contents, one.Modified})
	}
	return nil
}

// tellMatches prints what is published of what the arguments stand for.
func (c *command) tellMatches(ctx context.Context) error {
	found, args, err := c.client.Matches(ctx, c.args)
	if err != nil {
		return queryFailure(c.relay(), err)
	}
	defer found.Close()
	var missing []string
	var covers peer.Coverage
	for _, is := range args {
		if code := cli.ExitCode(is.Err); is.Err != nil && code != cli.ExitNobodyHas && code != cli.ExitTooEarly {
			return queryFailure(c.relay(), is.Err)
		}
		if is.Folder {
			covers.Add(is.Covers)
		}
		if !is.Published {
			missing = append(missing, is.Arg)
		}
	}
	err = cmp.Or(c.printFound(found), c.tellCoverage(covers))
	if err != nil || len(missing) == 0 {
		return err
	}
	return unmatched(missing...)
}

// printList writes one line for each content of each name: a table for people, or columns with tabs
// between them: name, bytes, hash (- where it is not known), nodes that have it, contents of that name.
func printList(out io.Writer, found iter.Seq2[peer.Named, error], people bool) error {
	if people {
		return printTable(out, []string{"SIZE", "NODES", "HASH", "NAME"}, cells(found, nameCells))
	}
	printing := bufio.NewWriterSize(out, 64<<10)
	var line []byte
	for one, err := range found {
		if err != nil {
			return cmp.Or(printing.Flush(), err)
		}
		line = append(line[:0], one.Name...)
		line = strconv.AppendUint(append(line, '\t'), one.Size, 10)
		line = appendHash(append(line, '\t'), one.Hash)
		line = strconv.AppendUint(append(line, '\t'), one.Count, 10)
		line = strconv.AppendInt(append(line, '\t'), int64(one.Contents), 10)
		if _, err := printing.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return printing.Flush()
}

// appendHash appends a hash, or - where no node knows the content.
func appendHash(line []byte, hash protocol.Hash) []byte {
	if hash.IsZero() {
		return append(line, '-')
	}
	return hex.AppendEncode(line, hash[:])
}

func shortHashColumn(hash protocol.Hash) string {
	if hash.IsZero() {
		return "-"
	}
	return cli.ShortHash(hash)
}

// nameCells returns the columns of a content, for people.
func nameCells(one peer.Named) []string {
	name := cli.ForDisplay(one.Name)
	if one.Contents > 1 {
		name += fmt.Sprintf("  (1 of %d contents)", one.Contents)
	}
	return []string{cli.Bytes(one.Size), strconv.FormatUint(one.Count, 10), shortHashColumn(one.Hash), name}
}
