package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// subcommands are about the relays that are known, and for browsers.
func subcommands() []cli.Subcommand {
	return []cli.Subcommand{
		{Name: "known", Fits: func(further []string) bool { return len(further) == 0 }, New: newKnown},
		{Name: "forget", Fits: fitsForget, New: newForget},
		{Name: "serve", Fits: fitsServe, New: newServe, Flag: "http"},
	}
}

// fitsForget reports whether forget may have the argument. A port belongs to a host of that name.
func fitsForget(further []string) bool {
	if len(further) != 1 {
		return false
	}
	_, err := cli.ParsePort(further[0], false)
	return err != nil
}

func newKnown() *cobra.Command {
	var dir string
	command := cli.New("peer-client known [flags]", "List the relays that are known",
		"peer-client known lists the relays that are known, in the order in which they became so: HOST:PORT, id, date, and how.\n"+
			"They are lines of the file known_relays in the state folder. Of several of an address the first counts.",
		cli.Arguments(1, 1), func(c *cobra.Command, _ []string) error { return tellKnown(c, dir) })
	command.Flags().StringVar(&dir, "state", "", cli.StateUsage)
	return command
}

func newForget() *cobra.Command {
	var dir string
	command := cli.New("peer-client forget [flags] HOST:PORT", "Forget the relay that is known at an address",
		"peer-client forget removes the lines of an address from the relays that are known. The next contact is then the first:\n"+
			"whichever relay answers there is taken. Exit code 1 if none is known there.",
		cli.Arguments(2, 2), func(c *cobra.Command, args []string) error { return forget(c, dir, args[1]) })
	command.Flags().StringVar(&dir, "state", "", cli.StateUsage)
	return command
}

// openKnown returns the relays that are known in a state folder, which it does not make: without one
// none is known. A folder that the user has named must be there.
func openKnown(dir string) (*state.KnownRelays, error) {
	if dir == "-" {
		return nil, cli.Usage("--state -: what is kept in memory ends with its program")
	}
	folder, err := state.Existing(dir)
	if dir == "" && errors.Is(err, fs.ErrNotExist) {
		return &state.KnownRelays{}, nil
	}
	return folder.KnownRelays(), err
}

// tellKnown prints the relays that are known.
func tellKnown(c *cobra.Command, dir string) error {
	known, err := openKnown(dir)
	if err != nil {
		return err
	}
	all, err := known.All()
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	if cli.IsClosed(out) {
		return failure(cli.ExitFailure, "standard output is closed")
	}
	return printKnown(out, all, cli.IsTerminal(out))
}

// printKnown writes one line for each relay that is known.
func printKnown(out io.Writer, all []state.Known, people bool) error {
	if people {
		return printTable(out, []string{"RELAY", "ID", "SINCE", "HOW"}, cells(each(all), func(k state.Known) []string {
			return []string{k.Address, k.ID.String(), k.Date.Local().Format(time.DateTime), k.How}
		}))
	}
	printing := bufio.NewWriter(out)
	for _, k := range all {
		fmt.Fprintf(printing, "%s\t%s\t%s\t%s\n", k.Address, k.ID, k.Date.Format(time.RFC3339), k.How)
	}
	return printing.Flush()
}

// each returns some things, none of which has failed.
func each[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
	}
}

// forget removes what is known at an address.
func forget(c *cobra.Command, dir, address string) error {
	address, err := cli.ParseHostPort(address)
	if err != nil {
		return err
	}
	known, err := openKnown(dir)
	if err != nil {
		return err
	}
	removed, err := known.Forget(address)
	if err != nil {
		return err
	}
	if removed == 0 {
		return failure(cli.ExitFailure, "no relay is known at %s", address)
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s is forgotten: %s removed\n", address, cli.Count(removed, "line is", "lines are"))
	return nil
}
