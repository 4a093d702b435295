package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestASubcommandTakesNoHostOrFileItsName: only what cannot be meant for the program is for it.
func TestASubcommandTakesNoHostOrFileItsName(t *testing.T) {
	ran := ""
	sub := func(name string, further int) Subcommand {
		return Subcommand{Name: name, Fits: func(args []string) bool { return len(args) == further }, New: func() *cobra.Command {
			command := New("echo "+name+" [flags]", "", "", Arguments(further+1, further+1), func(c *cobra.Command, args []string) error {
				state, _ := c.Flags().GetString("state")
				ran = strings.Join(args, " ") + ":" + state
				return nil
			})
			command.Flags().String("state", "", "")
			return command
		}}
	}
	for args, want := range map[string]string{
		"known": "known:", "known --state d": "known:d", "--state d known": "known:d", "--state=d known": "known:d", "known --": "known:",
		"forget a:1": "forget a:1:", "forget --state d a:1": "forget a:1:d", "forget -- -a": "forget -a:",
		"known 4000": "", "known 4000 file": "", "-- known": "", "forget": "", "forget a b": "", "known --many 3": "", "--maybe known": "",
		"known --state": "", "known known": "", "file known": "", "": "", "help": "", "completion": "", "help known": "", "completion bash": "", "Known": "",
	} {
		ran = ""
		program := New("echo [flags] <any ...>", "", "", Arguments(0, -1), func(_ *cobra.Command, args []string) error { return nil })
		program.Flags().Int("many", 1, "")
		program.Flags().Bool("maybe", false, "")
		chosen := Choose(strings.Fields(args), program, sub("known", 0), sub("forget", 1))
		if (chosen == program) != (want == "") {
			t.Errorf("%q is for %q", args, chosen.Use)
		}
		if code := Execute(t.Context(), chosen); ran != want || code != 0 && args != "known --state" {
			t.Errorf("%q: exit %d, %q in place of %q", args, code, ran, want)
		}
	}
}

func TestASubcommandSpeaksAsItsProgram(t *testing.T) {
	t.Setenv("RELAYPEER_STATE", "of the environment")
	command := func() *cobra.Command {
		command := New("echo known [flags]", "", "echo known tells", Arguments(1, 1), func(c *cobra.Command, _ []string) error {
			state, _ := c.Flags().GetString("state")
			return Usage("bad %s", state)
		})
		command.Flags().String("state", "", "")
		return command
	}
	program, _ := echo(nil)
	sub := Subcommand{Name: "known", Fits: func(args []string) bool { return len(args) == 0 }, New: command}
	if code, out, errs := execute(t, Choose([]string{"known"}, program, sub), "known"); code != ExitUsage || out != "" || errs != "echo: bad of the environment\n" {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
	if code, out, _ := execute(t, Choose([]string{"known", "--help"}, program, sub), "known", "--help"); code != 0 || !strings.Contains(out, "echo known tells") || !strings.Contains(out, "--state") {
		t.Errorf("exit %d, %q", code, out)
	}
}

// TestASubcommandIsMeantByItsFlag: the program has no such flag, so that nothing else can be meant.
func TestASubcommandIsMeantByItsFlag(t *testing.T) {
	sub := Subcommand{Name: "serve", Fits: func(args []string) bool { return len(args) == 2 }, Flag: "http", New: func() *cobra.Command {
		command := New("echo serve [flags]", "", "", Arguments(1, -1), nil)
		command.Flags().String("http", "", "")
		return command
	}}
	program, _ := echo(nil)
	for args, want := range map[string]bool{
		"serve": false, "serve --http x": true, "--http=x serve": true, "serve a --http x --wrong": true, "serve --help": true, "serve a b": true,
		"serve a": false, "serve -- --http": false, "-- serve --http x": false, "--http x a b": false, "serve --https x": false,
	} {
		if is := Choose(strings.Fields(args), program, sub) != program; is != want {
			t.Errorf("%q: %t", args, is)
		}
	}
}
