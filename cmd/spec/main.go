// Command spec writes the generated regions of SPEC.md from the code. Run it at the top of the repository:
//
//	go run ./cmd/spec
package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

func main() { os.Exit(cli.Main(command())) }

func command() *cobra.Command {
	return cli.New("spec", "Write the generated regions of SPEC.md",
		"spec writes the regions of SPEC.md that follow from the code. It runs at the top of the repository.",
		cli.Arguments(0, 0), func(*cobra.Command, []string) error { return update(".") })
}

// update rewrites SPEC.md in the folder at the top.
func update(top string) error {
	path := top + "/SPEC.md"
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	all, err := regions(top)
	if err != nil {
		return err
	}
	filled, err := fill(string(text), all)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(filled), 0o644)
}
