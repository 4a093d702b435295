// Package program is what the programs in cmd are made of: each command's flags, and the wiring of its machines
// to sockets, disk, signals and terminal. The mains only call [Main].
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The exit codes of all programs.
const (
	ExitFailure     = 1
	ExitUsage       = 2
	ExitNobodyHas   = 3
	ExitNoRelay     = 4
	ExitUndelivered = 5
	ExitInterrupted = 130
)

// Failure is an error with the exit code that it leads to. An empty text has been told already.
type Failure struct {
	Code int
	Text string
}

func (f *Failure) Error() string { return f.Text }

func usage(format string, args ...any) error {
	return &Failure{ExitUsage, fmt.Sprintf(format, args...)}
}

// Main runs a command with the process's arguments until it ends or is told to by SIGINT, SIGTERM or SIGHUP, and
// returns the exit code. A second signal ends the process at once.
func Main(command *cobra.Command) int {
	signal.Ignore(syscall.SIGPIPE) // a pipe that nobody reads is a failed write, not a sudden end
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer restore()
	context.AfterFunc(ctx, restore)
	return Execute(ctx, command)
}

// Execute runs a command and returns the exit code. What went wrong is told on the command's standard error in
// one line.
func Execute(ctx context.Context, command *cobra.Command) int {
	err := command.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	failure := &Failure{Code: ExitFailure, Text: err.Error()}
	errors.As(err, &failure)
	if failure.Text != "" {
		fmt.Fprintf(command.ErrOrStderr(), "%s: %s\n", command.Name(), failure.Text)
	}
	return failure.Code
}

// arguments demands so many of them; most below zero means any number.
func arguments(least, most int) cobra.PositionalArgs {
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

// newCommand returns a command with the flags that all programs have. Its flags may also come from the environment
// as RELAYPEER_<FLAG>, and may stand before or after the arguments.
func newCommand(use, short, long string, args cobra.PositionalArgs, run func(*cobra.Command, []string) error) *cobra.Command {
	command := &cobra.Command{
		Use: use, Short: short, RunE: run,
		Long: long + "\n\nFlags may stand anywhere, and may come from the environment: --some-flag as RELAYPEER_SOME_FLAG.\n" +
			"Arguments that begin with a dash go behind --.",
		SilenceUsage: true, SilenceErrors: true, DisableFlagsInUseLine: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args: func(c *cobra.Command, given []string) error {
			if err := args(c, given); err != nil {
				return usage("%v: %s", err, use)
			}
			return nil
		},
		PreRunE: func(c *cobra.Command, _ []string) error { return fromEnvironment(c.Flags()) },
	}
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%s", misused(err)) })
	command.Flags().String("log-level", "info", "trace, debug, info, warn, error or off")
	command.Flags().Bool("log-json", false, "write logs as JSON")
	return command
}

func fromEnvironment(flags *pflag.FlagSet) error {
	var wrong error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "RELAYPEER_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, set := os.LookupEnv(name)
		if !set || value == "" || f.Changed || f.Name == "help" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			text := err.Error()
			if value := (*pflag.InvalidValueError)(nil); errors.As(err, &value) {
				text = unfit(value)
			}
			wrong = usage("%s: %s", name, text)
		}
	})
	return wrong
}

// logger returns the log that the flags ask for, on the command's standard error.
func logger(c *cobra.Command) (hclog.Logger, error) {
	text, _ := c.Flags().GetString("log-level")
	json, _ := c.Flags().GetBool("log-json")
	level := hclog.LevelFromString(text)
	if level == hclog.NoLevel {
		return nil, usage("--log-level: %q is not trace, debug, info, warn, error or off", text)
	}
	return newLogger(c.Name(), level, json, c.ErrOrStderr()), nil
}

func newLogger(name string, level hclog.Level, json bool, out io.Writer) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Name: name, Level: level, JSONFormat: json, Output: out})
}

// parsePort reads a TCP port; 0 is allowed where one is to be picked.
func parsePort(text string, zero bool) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 && !zero {
		least := 1
		if zero {
			least = 0
		}
		return 0, usage("%q is not a TCP port: %d to 65535", text, least)
	}
	return uint16(port), nil
}

// parseRelay reads a relay's host and port.
func parseRelay(host, port string) (string, error) {
	if _, err := parsePort(port, false); err != nil {
		return "", err
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || strings.ContainsRune("/\\@?#[]\"'", r) }) {
		return "", usage("%q is not a host", host)
	}
	return net.JoinHostPort(host, port), nil
}
