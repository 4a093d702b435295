package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// StateUsage says what --state of a subcommand is.
const StateUsage = "the state `DIR` (default: relaypeer in the user's state folder)"

// ID returns the subcommand of a program that prints the id of its key. It makes the key if there is
// none, so that an id can be told to others before the first start. Flags adds what key depends on.
func ID(program, about string, key func() (name string, err error), flags func(*cobra.Command)) Subcommand {
	create := func() *cobra.Command {
		var dir string
		command := New(program+" id [flags]", "Print the program's id",
			program+" id prints "+about+": 56 characters. The key is made if there is none.", Arguments(1, 1),
			func(c *cobra.Command, _ []string) error { return printID(c, dir, key) })
		command.Flags().StringVar(&dir, "state", "", StateUsage)
		flags(command)
		return command
	}
	return Subcommand{Name: "id", Fits: func(further []string) bool { return len(further) == 0 }, New: create}
}

func printID(c *cobra.Command, dir string, key func() (string, error)) error {
	if dir == "-" {
		return Usage("--state -: a key that is kept nowhere has no id before the program runs")
	}
	name, err := key()
	if err != nil {
		return err
	}
	folder, err := state.Open(dir)
	if err != nil {
		return err
	}
	made, err := folder.Key(name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.OutOrStdout(), state.IDOf(made))
	return err
}
