package cli

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/transport/peer"
)

// echo is a program with a flag of each kind. It returns what it is told to.
func echo(result error) (command *cobra.Command, ran *bool) {
	ran = new(bool)
	command = New("echo [flags] <one>", "Do nothing", "echo does nothing.", Arguments(1, 1), func(c *cobra.Command, args []string) error {
		*ran = true
		return result
	})
	LogFlags(command, "warn")
	command.Flags().IntP("many", "m", 1, "a number")
	command.Flags().Bool("maybe", false, "a choice")
	command.Flags().Float64("rate", 1, "a number")
	command.Flags().Duration("long", time.Second, "a time")
	command.Flags().Var(shape{}, "shape", "a kind of its own")
	return command, ran
}

// shape is a flag that has no value which is right.
type shape struct{}

func (shape) String() string        { return "" }
func (shape) Type() string          { return "shape" }
func (shape) Set(text string) error { return fmt.Errorf("%q is not round", text) }

// execute runs a command and returns its exit code and all that it prints.
func execute(t *testing.T, command *cobra.Command, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	command.SetArgs(args)
	command.SetOut(&o)
	command.SetErr(&e)
	code = Execute(t.Context(), command)
	return code, o.String(), e.String()
}

func TestAFailureIsOneLineAndACode(t *testing.T) {
	for _, x := range []struct {
		result error
		code   int
		text   string
	}{
		{nil, 0, ""},
		{errors.New("full"), 1, "echo: full\n"},
		{&Failure{Code: ExitNoRelay}, 4, ""},
		{Usage("%d is odd", 3), 2, "echo: 3 is odd\n"},
		{fmt.Errorf("so: %w", peer.ErrUndelivered), 5, "echo: so: " + peer.ErrUndelivered.Error() + "\n"},
		{&peer.Error{Kind: peer.ErrNotFound}, 3, "echo: no node has it\n"},
		{peer.ErrInterrupted, 130, "echo: interrupted\n"},
	} {
		command, _ := echo(x.result)
		if code, out, errs := execute(t, command, "x"); code != x.code || out != "" || errs != x.text {
			t.Errorf("%v: exit %d, %q, %q", x.result, code, out, errs)
		}
	}
}

func TestWhatAFlagMayBeIsSaidInPlainWords(t *testing.T) {
	for _, x := range []struct {
		args []string
		text string
	}{
		{[]string{"--many", "x"}, `--many: "x" is not a whole number`},
		{[]string{"-m", "99999999999999999999"}, `--many: "99999999999999999999" is too large or too small`},
		{[]string{"--rate", "1.5M"}, `--rate: "1.5M" is not a number`},
		{[]string{"--maybe=perhaps"}, `--maybe: "perhaps" is not true or false`},
		{[]string{"--long", "7"}, `--long: "7" is not a time like 90s or 5m`},
		{[]string{"--shape", "square"}, `--shape: "square" is not round`},
		{[]string{"-m"}, `-m needs a value; see --help`},
		{[]string{"x", "--dash.txt"}, "there is no flag --dash.txt; see --help. A name that begins with a dash goes behind --"},
		{[]string{"x", "-dash.txt"}, "there is no flag -d, as in -dash.txt; see --help. A name that begins with a dash goes behind --"},
		{[]string{}, "an argument is missing: echo [flags] <one>"},
		{[]string{"a", "b"}, `"b" is one argument too many: echo [flags] <one>`},
	} {
		command, ran := echo(nil)
		if code, out, errs := execute(t, command, x.args...); code != ExitUsage || out != "" || errs != "echo: "+x.text+"\n" || *ran {
			t.Errorf("%q: exit %d, %q, %q", x.args, code, out, errs)
		}
	}
}

func TestFlagsComeFromTheEnvironmentToo(t *testing.T) {
	t.Setenv("RELAYPEER_MANY", "7")
	t.Setenv("RELAYPEER_LOG_LEVEL", "")
	t.Setenv("RELAYPEER_VERSION", "and this is no flag")
	for args, want := range map[string]string{"x": "7", "-m 3 x": "3"} {
		command, _ := echo(nil)
		if code, _, errs := execute(t, command, strings.Fields(args)...); code != 0 {
			t.Errorf("%s: exit %d: %s", args, code, errs)
		}
		if got := command.Flags().Lookup("many").Value.String(); got != want {
			t.Errorf("%s: %s instead of %s", args, got, want)
		}
	}
	t.Setenv("RELAYPEER_MANY", "x")
	command, _ := echo(nil)
	if code, _, errs := execute(t, command, "x"); code != ExitUsage || errs != "echo: RELAYPEER_MANY: \"x\" is not a whole number\n" {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestOnlyALevelMakesALog(t *testing.T) {
	command, _ := echo(nil)
	if log, err := Logger(command); err != nil || !log.IsWarn() || log.IsInfo() || log.Name() != "echo" {
		t.Errorf("%v, %v", log, err)
	}
	command.Flags().Set("log-level", "loud")
	if _, err := Logger(command); ExitCode(err) != ExitUsage {
		t.Error(err)
	}
}
