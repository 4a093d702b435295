package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// command is what the user wants, and the streams of the process.
type command struct {
	client    peer.Client
	secured   cli.Secured
	args      []string // names, folders and patterns
	list, who bool     // print what is known of them, and fetch nothing
	hash      string   // the content that a name must have, or its beginning; or what is wanted, without a name
	output    string   // where to: see openTarget
	hidden    bool     // folders and patterns stand for hidden files as well
	verbose   bool     // a line for each node that was tried
	json      bool     // events in place of what people read
	stdin     io.Reader
	stdout    io.Writer
	stderr    io.Writer // where people read

	program *cobra.Command
	events  *events // nil: none are asked for

	progress  *progress // of what is fetched now; nil: nothing is
	mayWait   bool
	waitedFor string    // what people were told last that is waited for
	waitTold  time.Time // and when
}

const mostSources = 64

// usualWait is for how long --wait waits: a restarted relay has its nodes back by then.
const usualWait = roles.LeaseTTL + 30*time.Second

// newCommand returns the program.
func newCommand(stdin io.Reader, stdout, stderr io.Writer) *cobra.Command {
	c := &command{stdin: stdin, stdout: stdout, stderr: stderr}
	program := cli.New("peer-client [flags] <relay-host> <relay-port> [name ...]", "Get files by name from whichever nodes have them",
		"peer-client asks the relay which nodes have a file, gets it from them, verifies it, and prints it. Without a name it\n"+
			"asks for one. With -o it writes to a file or into a folder; then a name may also be a folder (photos/) or a pattern\n"+
			"('*.jpg', 'photos/**/*.jpg'), and what was interrupted goes on where it was when the same command is given again.\n\n"+
			"peer-client serve --http HOST:PORT <relay-host> <relay-port> serves all that to browsers, players and curl.\n"+
			"peer-client known lists the relays that are known, peer-client forget HOST:PORT forgets one. Each has its --help. Where\n"+
			"RELAYPEER_RELAY names the relay, a file named known goes behind --: peer-client -- known.\n\n"+
			"Exit codes: 0 all fetched; 1 other failure; 2 usage; 3 no node has it; 4 the relay could not be asked;\n"+
			"5 nodes had it, but none could deliver it whole and verified; 6 not found so far, or not all of it, which may\n"+
			"change by itself; 130 interrupted.",
		cli.Arguments(0, -1), c.start)
	program.SetOut(stdout)
	program.SetErr(stderr)
	program.SetFlagErrorFunc(ofServe(program.FlagErrorFunc()))
	cli.RelayFlag(program)
	c.secured.SecureFlags(program, "which relays are known and, if it is named, the client's key")
	c.secured.TrustFlags(program)
	cli.LogFlags(program, "info")
	flags := program.Flags()
	flags.StringVarP(&c.output, "output", "o", "",
		"write to this FILE, into this DIR under the file's own name, or - for standard output whatever it is")
	flags.StringVar(&c.hash, "hash", "",
		"the BLAKE3 hash of the content that is wanted; its beginning will do where there is a name")
	flags.BoolVar(&c.client.NoCircuits, "no-circuits", false, "reach no node through the relay: those that cannot be connected to are not asked")
	flags.IntVar(&c.client.Sources, "sources", peer.DefaultSources, "from up to so many nodes at once; 1: strictly one after the other")
	flags.BoolVar(&c.client.NoTimes, "no-times", false, "leave files the time of their fetch, not that of the original")
	flags.BoolVar(&c.list, "list", false,
		"list what is published, all or what the PATTERNs stand for: name, bytes, hash, nodes, contents of that name")
	flags.BoolVar(&c.who, "who", false,
		"say which nodes have one file, named without a pattern, and which may have it: address, bytes, hash")
	flags.DurationVar(&c.client.Wait, "wait", 0,
		"wait for what may change by itself (exit code 6), for so long at most; without a time: "+usualWait.String())
	flags.Lookup("wait").NoOptDefVal = usualWait.String()
	flags.BoolVar(&c.hidden, "hidden", false,
		"folders and patterns stand for hidden files (.name) as well, which are passed over unless the pattern has the dot; --list shows all")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "one line a node that was tried: address, outcome, time")
	flags.BoolVar(&c.json, "json", false,
		"tell programs what happens: one JSON object a line, on standard output, or on standard error if the content goes there")
	c.program = program
	return program
}

// start takes the arguments, and does what they ask for. A name or pattern may stand right behind
// --list or --who, and so before the relay.
func (c *command) start(program *cobra.Command, args []string) (err error) {
	relay, rest, err := cli.TakeRelay(program, args, c.list || c.who)
	if err != nil {
		return err
	}
	c.client.Relay, c.secured.Invite, c.args = relay.Address, relay.Invite, rest
	if c.client.Log, err = cli.Logger(program); err != nil {
		return err
	}
	if err := c.secure(); err != nil {
		return err
	}
	if cli.FromEnvironment(program.Flags(), "relay") && cli.LooksLikeRelay(args) {
		c.note("the relay is %s, as RELAYPEER_RELAY says: all arguments are names, %q as well", c.client.Relay, cli.ForDisplay(args[0]))
	}
	c.mayWait, c.client.Waiting = c.client.Wait > 0, c.waits
	if c.json {
		c.events = newEvents(c.stdout)
		if !c.list && !c.who && printsTo(c.output, c.stdout) {
			c.events.out = c.stderr
		}
		if cli.IsClosed(c.events.out) {
			return failure(cli.ExitFailure, "where the events of --json go is closed")
		}
		return c.events.over(c.run(program.Context()))
	}
	return c.run(program.Context())
}

func (c *command) run(ctx context.Context) error {
	if err := c.checkFlags(); err != nil {
		return err
	}
	if len(c.args) == 0 && !c.list && !c.who && c.hash == "" {
		name, err := c.prompt(ctx)
		if err != nil {
			return err
		}
		c.args = []string{name}
	}
	if err := c.typed(); err != nil {
		return err
	}
	switch {
	case (c.list || c.who) && cli.IsClosed(c.stdout):
		return failure(cli.ExitFailure, "standard output is closed")
	case c.list:
		return c.tellList(ctx)
	case c.who:
		return c.tellWho(ctx)
	}
	return c.fetch(ctx)
}

// typed composes what was typed, as names are, and judges it.
func (c *command) typed() error {
	for i, arg := range c.args {
		c.args[i] = protocol.Composed(arg)
		if err := checkArgument(c.args[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) checkFlags() error {
	switch {
	case c.client.Sources < 1 || c.client.Sources > mostSources:
		return cli.Usage("--sources: 1 to %d", mostSources)
	case c.client.Wait < 0:
		return cli.Usage("--wait: no time is below zero")
	case c.list && c.who:
		return cli.Usage("--list or --who, not both")
	case c.program.Flags().Changed("output") && c.output == "":
		return cli.Usage("-o: no file is named; - is standard output")
	case c.program.Flags().Changed("hash") && c.hash == "":
		return cli.Usage("--hash: no hash is given")
	case (c.list || c.who) && c.output != "":
		return cli.Usage("-o is for files that are fetched: --list and --who print")
	}
	return nil
}

// checkArgument judges an argument that stands for files: a name, a folder with a slash behind it,
// or a pattern.
func checkArgument(arg string) error {
	if all := strings.Trim(arg, "/"); arg != "" && (all == "" || all == ".") {
		return cli.Usage("%q is no name: '**' stands for everything that is published (-o DIR/ gets it, --list shows it)", cli.ForDisplay(arg))
	}
	err := protocol.CheckName(strings.TrimSuffix(arg, "/"))
	if err != nil && protocol.IsPattern(arg) && strings.ContainsAny(arg, `*?[\`) {
		err = protocol.CheckPattern(arg)
	}
	switch {
	case err == nil:
		return nil
	case strings.HasPrefix(arg, "/") || strings.HasPrefix(arg, "./") || strings.HasPrefix(arg+"/", "../"):
		return cli.Usage("%q: %s; names begin in the folder that is shared: photos/beach.jpg", cli.ForDisplay(arg), protocol.AsError(err).Text)
	}
	return cli.Usage("%q: %s", cli.ForDisplay(arg), protocol.AsError(err).Text)
}
