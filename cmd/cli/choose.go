package cli

import (
	"slices"

	"github.com/spf13/cobra"
)

// Subcommand is a command that a program has beside what it is for. Its arguments begin with its name.
type Subcommand struct {
	Name string
	Fits func(further []string) bool // reports whether arguments behind the name can be its
	New  func() *cobra.Command
}

// Choose returns the subcommand that the process's arguments are for, and otherwise the program. They
// are for one if each flag is one of its, and the arguments are its name and further ones that fit it.
// So hosts and files may have the name of a subcommand, of which cobra's own way knows nothing: it looks
// at the first argument alone. Behind -- nothing is a subcommand.
func Choose(args []string, program *cobra.Command, all ...Subcommand) *cobra.Command {
	for _, sub := range all {
		if !slices.Contains(args, sub.Name) {
			continue // most often: no command is built for nothing
		}
		trial := sub.New()
		trial.InitDefaultHelpFlag()
		if trial.ParseFlags(args) != nil || trial.ArgsLenAtDash() == 0 {
			continue
		}
		if given := trial.Flags().Args(); len(given) > 0 && given[0] == sub.Name && sub.Fits(given[1:]) {
			chosen := sub.New()
			chosen.SetArgs(args)
			return chosen
		}
	}
	program.SetArgs(args)
	return program
}
