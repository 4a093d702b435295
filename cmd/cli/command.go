package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
)

// Main runs a command with the process's arguments until it ends or is told to by a signal, and
// returns the exit code.
func Main(command *cobra.Command) int {
	signal.Ignore(syscall.SIGPIPE) // a pipe that nobody reads is a failed write, not a sudden end
	ctx, restore := interruptible(context.Background())
	defer restore()
	return Execute(ctx, command)
}

// Execute runs a command and returns the exit code. A failure is one line on the command's standard
// error.
func Execute(ctx context.Context, command *cobra.Command) int {
	err := command.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if text := err.Error(); text != "" && !hadEnough(err) {
		TellFailure(command, text, "exit_code", ExitCode(err))
	}
	return ExitCode(err)
}

// hadEnough reports whether an error is that nobody reads standard output any more, which is not
// worth a word.
func hadEnough(err error) bool {
	var of *fs.PathError
	return errors.As(err, &of) && of.Path == os.Stdout.Name() && errors.Is(of, syscall.EPIPE)
}

// New returns a command with the flags that all programs have: --help and --version. Its flags may
// also come from the environment as RELAYPEER_<FLAG>, and may stand before or after the arguments.
func New(use, short, long string, args cobra.PositionalArgs, run func(*cobra.Command, []string) error) *cobra.Command {
	command := &cobra.Command{
		Use: use, Short: short, RunE: run, Version: version(),
		Long: long + "\n\nFlags may stand anywhere, and may come from the environment: --some-flag as RELAYPEER_SOME_FLAG.\n" +
			"Arguments that begin with a dash go behind --.",
		SilenceUsage: true, SilenceErrors: true, DisableFlagsInUseLine: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}, // a relay's host may be called completion
		Args: func(c *cobra.Command, given []string) error {
			if err := fromEnvironment(c.Flags()); err != nil {
				return err
			}
			if err := args(c, given); err != nil {
				return Usage("%v: %s", err, use)
			}
			return nil
		},
	}
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return Usage("%s", misuse(err)) })
	command.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	command.Flags().Bool("version", false, "print the version, the commit and Go's version, and exit")
	return command
}

// Arguments demands so many arguments; most below zero means any number.
func Arguments(least, most int) cobra.PositionalArgs {
	return func(_ *cobra.Command, given []string) error {
		switch {
		case len(given) < least:
			return errors.New("an argument is missing")
		case most >= 0 && len(given) > most:
			return fmt.Errorf("%q is one argument too many", given[most])
		}
		return nil
	}
}

// LogFlags gives a command the flags of its log. Level is the level where none is given.
func LogFlags(command *cobra.Command, level string) {
	command.Flags().String("log-level", level, "trace, debug, info, warn, error or off")
	command.Flags().Bool("log-json", false, "write all of standard error as JSON, one object a line")
}

// Logger returns the log that the flags of [LogFlags] ask for, on the command's standard error.
func Logger(c *cobra.Command) (hclog.Logger, error) {
	text, _ := c.Flags().GetString("log-level")
	level := hclog.LevelFromString(text)
	if level == hclog.NoLevel {
		return nil, Usage("--log-level: %q is not trace, debug, info, warn, error or off", text)
	}
	return hclog.New(&hclog.LoggerOptions{Name: c.Name(), Level: level, JSONFormat: SpeaksJSON(c), Output: c.ErrOrStderr()}), nil
}

// LogStopping has the log say, once ctx is done, that the program stops. The returned function ends
// that.
func LogStopping(ctx context.Context, log hclog.Logger) (end func() bool) {
	return context.AfterFunc(ctx, func() { log.Info("stopping; a signal after more than a second ends it at once") })
}
