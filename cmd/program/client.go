package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
)

// Client is a peer client over real sockets.
type Client struct {
	Relay   string // host:port
	Verbose bool   // a line for each node that was tried
	Log     hclog.Logger
	Trace   func(transport.Event)
	Errors  io.Writer // where people read
}

// Fetch gets one file into a store, asking nodes until one has it or ctx is done.
func (c Client) Fetch(ctx context.Context, name string, store transport.Store) client.Result {
	fetch := client.NewFetch(c.Relay, name)
	loop := transport.Loop{
		Network: transport.TCP{}, Store: store, Start: time.Now(), Report: c.report, Trace: traced(c.Log, c.Trace),
	}
	loop.Run(context.WithoutCancel(ctx), ctx.Done(), fetch)
	return fetch.Result()
}

func (c Client) report(outcome any) {
	tried, is := outcome.(client.Tried)
	if !is || !c.Verbose {
		return
	}
	if tried.Code == 0 {
		fmt.Fprintf(c.Errors, "%s ok %v\n", tried.Node, tried.Took.Round(time.Microsecond))
		return
	}
	fmt.Fprintf(c.Errors, "%s %s %v (the %s: %s)\n", tried.Node, tried.Code, tried.Took.Round(time.Microsecond), tried.By, said(tried.Text))
}

// failure tells what a result means to the user, or returns nil for a file that is there.
func failure(relay string, r client.Result) *Failure {
	name := said(r.Name)
	switch r.Outcome {
	case client.Fetched:
		return nil
	case client.NobodyHad:
		if len(r.Tried) == 0 {
			return &Failure{ExitNobodyHas, "no node is registered at the relay"}
		}
		return &Failure{ExitNobodyHas, fmt.Sprintf("no node has %q: %s asked", name, count(len(r.Tried), "node was", "nodes were"))}
	case client.Unsure:
		return &Failure{ExitFailure, fmt.Sprintf("%q was not found, but not every node could be asked: %s", name, setbacks(r.Tried))}
	case client.Undelivered:
		return &Failure{ExitUndelivered, fmt.Sprintf("%q is there, but no node could deliver it whole: %s", name, setbacks(r.Tried))}
	case client.NoRelay:
		return &Failure{ExitNoRelay, fmt.Sprintf("the relay %s could not be asked: %s (the %s: %s)", relay, r.Code, r.By, said(r.Text))}
	case client.BadlyNamed:
		return &Failure{ExitUsage, fmt.Sprintf("%q: %s", name, said(r.Text))}
	case client.Interrupted:
		return &Failure{ExitInterrupted, "interrupted"}
	default:
		return &Failure{ExitFailure, fmt.Sprintf("%s: %s", r.Code, r.Text)}
	}
}

// setbacks lists the nodes that did not say not-found, a few of them.
func setbacks(tried []client.Tried) string {
	const most = 5
	var told []string
	more := 0
	for _, t := range tried {
		switch {
		case t.Code == protocol.NotFound:
		case len(told) == most:
			more++
		default:
			told = append(told, fmt.Sprintf("%s %s", t.Node, t.Code))
		}
	}
	if more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("of %s asked, %s", count(len(tried), "node", "nodes"), strings.Join(told, ", "))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// said makes a text that may come from a peer fit to be shown.
func said(text string) string { return protocol.Printable(text, protocol.MaxText) }

// ClientCommand returns the peer-client program.
func ClientCommand(stdin io.Reader, stdout, stderr io.Writer) *cobra.Command {
	c := Client{Errors: stderr}
	var output string
	command := newCommand("peer-client [flags] <relay-host> <relay-port> [name ...]", "Get files by name from whichever node has them",
		"peer-client asks the relay for the active nodes, then asks these one at a time until one has the file, and\n"+
			"prints it. Without a name it asks for one.\n\n"+
			"Exit codes: 0 all fetched; 1 other failure; 2 usage; 3 no node has it; 4 the relay could not be asked;\n"+
			"5 nodes had it, but none could deliver it whole; 130 interrupted.",
		arguments(2, -1), func(command *cobra.Command, args []string) (err error) {
			if c.Relay, err = parseRelay(args[0], args[1]); err != nil {
				return err
			}
			if c.Log, err = logger(command); err != nil {
				return err
			}
			names := args[2:]
			if len(names) == 0 {
				name, err := prompt(command.Context(), stdin, stderr)
				if err != nil {
					return err
				}
				names = []string{name}
			}
			for _, name := range names {
				if err := protocol.CheckName(name); err != nil {
					return usage("%q: %s", said(name), err.Text)
				}
			}
			target, err := parseTarget(output, len(names), stdout, stderr)
			if err != nil {
				return err
			}
			defer target.close()
			return fetchAll(command.Context(), c, names, target)
		})
	command.SetOut(stdout)
	command.SetErr(stderr)
	flags := command.Flags()
	flags.StringVarP(&output, "output", "o", "", "write to this FILE, into this DIR under the file's own name, or - for standard output whatever it is")
	flags.BoolVarP(&c.Verbose, "verbose", "v", false, "one line a node that was tried: address, outcome, time")
	return command
}

// fetchAll gets the names in turn. It goes on after a failure, and returns the first one.
func fetchAll(ctx context.Context, c Client, names []string, to *target) error {
	var first *Failure
	for _, name := range names {
		failed := fetchOne(ctx, c, name, to)
		if failed == nil {
			continue
		}
		if first == nil {
			first = &Failure{Code: failed.Code}
		}
		if failed.Text != "" {
			fmt.Fprintf(c.Errors, "peer-client: %s\n", failed.Text)
		}
		if failed.Code == ExitInterrupted {
			return &Failure{Code: ExitInterrupted}
		}
	}
	if first != nil {
		return first
	}
	return nil
}

func fetchOne(ctx context.Context, c Client, name string, to *target) *Failure {
	spool, err := to.spool(name)
	if err != nil {
		return &Failure{ExitFailure, err.Error()}
	}
	bar := startProgress(name, spool, to.progress)
	c.Trace = bar.watch
	result := c.Fetch(ctx, name, spool)
	bar.end()
	if failed := failure(c.Relay, result); failed != nil {
		if err := spool.Discard(); err != nil {
			c.Log.Warn("the part file could not be removed", "error", err)
		}
		return failed
	}
	if err := to.deliver(ctx, name, spool); err != nil {
		if ctx.Err() != nil {
			return &Failure{ExitInterrupted, "interrupted"}
		}
		if errors.Is(err, syscall.EPIPE) { // whoever reads has had enough
			return &Failure{Code: ExitFailure}
		}
		return &Failure{ExitFailure, err.Error()}
	}
	return nil
}

// prompt asks for a file name and reads one line, giving up when ctx is done.
func prompt(ctx context.Context, stdin io.Reader, stderr io.Writer) (string, error) {
	fmt.Fprint(stderr, "File name: ")
	type answer struct {
		line string
		err  error
	}
	answered := make(chan answer, 1)
	go func() { // a read from a terminal can't be taken back; the process ends over it
		line, err := bufio.NewReader(stdin).ReadString('\n')
		answered <- answer{strings.TrimRight(line, "\r\n"), err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(stderr)
		return "", &Failure{ExitInterrupted, "interrupted"}
	case a := <-answered:
		if a.line == "" && a.err != nil {
			fmt.Fprintln(stderr)
		}
		if a.line == "" {
			return "", usage("no file name given")
		}
		return a.line, nil
	}
}
