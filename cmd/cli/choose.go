package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Subcommand is a command that a program has beside what it is for. Its arguments begin with its name.
type Subcommand struct {
	Name string
	Fits func(further []string) bool // reports whether arguments behind the name can be its
	New  func() *cobra.Command
	Flag string // one that the program does not have: with it the arguments can be meant for nothing else; "": there is none
}

// means reports whether arguments have the subcommand's name and its flag.
func (s *Subcommand) means(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return s.Flag != "" && slices.Contains(args, s.Name) && slices.ContainsFunc(args, func(arg string) bool {
		return arg == "--"+s.Flag || strings.HasPrefix(arg, "--"+s.Flag+"=")
	})
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
		if sub.means(args) || sub.fits(args) {
			chosen := sub.New()
			chosen.SetArgs(args)
			return chosen
		}
	}
	program.SetArgs(args)
	return program
}

// fits reports whether the subcommand can have the arguments, or was asked for its help.
func (s *Subcommand) fits(args []string) bool {
	trial := s.New()
	trial.InitDefaultHelpFlag()
	if trial.ParseFlags(args) != nil || trial.ArgsLenAtDash() == 0 {
		return false
	}
	given := trial.Flags().Args()
	if len(given) == 0 || given[0] != s.Name {
		return false
	}
	return s.Fits(given[1:]) || len(given) == 1 && trial.Flags().Changed("help")
}
