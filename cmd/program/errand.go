package program

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// errand is what a user of peer-client wants.
type errand struct {
	Client
	args      []string // names, folders and patterns
	list, who bool     // to be told, instead of to have them
	hash      string   // the content that a name must have, or its beginning; or what is wanted, without a name
	output    string   // where to: see parseTarget
	verbose   bool     // a line for each node that was tried
	stdin     io.Reader
	stdout    io.Writer
	errors    io.Writer // where people read
}

// ClientCommand returns the peer-client program.
func ClientCommand(stdin io.Reader, stdout, stderr io.Writer) *cobra.Command {
	e := errand{stdin: stdin, stdout: stdout, errors: stderr}
	command := newCommand("peer-client [flags] <relay-host> <relay-port> [name ...]", "Get files by name from whichever nodes have them",
		"peer-client asks the relay which nodes have a file, gets it from them, verifies it, and prints it. Without a name it\n"+
			"asks for one. With -o it writes to a file or into a folder; then a name may also be a folder (photos/) or a pattern\n"+
			"('*.jpg', 'photos/**/*.jpg'), and what was interrupted goes on where it was when the same command is given again.\n\n"+
			"Exit codes: 0 all fetched; 1 other failure; 2 usage; 3 no node has it; 4 the relay could not be asked;\n"+
			"5 nodes had it, but none could deliver it whole and verified; 130 interrupted.",
		arguments(2, -1), func(command *cobra.Command, args []string) (err error) {
			if args, err = e.relayOf(args); err != nil {
				return err
			}
			if e.Log, err = logger(command); err != nil {
				return err
			}
			if command.Flags().Changed("output") && e.output == "" {
				return usage("-o: no file is named; - is standard output")
			}
			e.args = args
			return e.run(command.Context())
		})
	command.SetOut(stdout)
	command.SetErr(stderr)
	flags := command.Flags()
	flags.StringVarP(&e.output, "output", "o", "",
		"write to this FILE, into this DIR under the file's own name, or - for standard output whatever it is")
	flags.StringVar(&e.hash, "hash", "",
		"the BLAKE3 hash of the content that is wanted; its beginning will do where there is a name")
	flags.IntVar(&e.Sources, "sources", defaultSources, "from up to so many nodes at once; 1: strictly one after the other")
	flags.BoolVar(&e.list, "list", false,
		"list what is published, all or what the PATTERNs stand for: name, bytes, hash, nodes, contents of that name")
	flags.BoolVar(&e.who, "who", false,
		"say which nodes have one file, named without a pattern, and which may have it: address, bytes, hash")
	flags.BoolVarP(&e.verbose, "verbose", "v", false, "one line a node that was tried: address, outcome, time")
	return command
}

// relayOf takes the relay's host and port off the arguments. They come first, but a name or pattern may stand right
// behind --list or --who, and so before them.
func (e *errand) relayOf(args []string) (rest []string, err error) {
	last := len(args) - 2
	if e.Relay, err = parseRelay(args[0], args[1]); err == nil {
		return args[2:], nil
	}
	if e.list || e.who {
		if relay, err := parseRelay(args[last], args[last+1]); err == nil && last > 0 {
			e.Relay = relay
			return args[:last], nil
		}
	}
	return nil, err
}

func (e *errand) run(ctx context.Context) error {
	if e.Sources < 1 || e.Sources > mostSources {
		return usage("--sources: 1 to %d", mostSources)
	}
	if e.list && e.who {
		return usage("--list or --who, not both")
	}
	if (e.list || e.who) && e.output != "" {
		return usage("-o is for files that are fetched: --list and --who print")
	}
	if len(e.args) == 0 && !e.list && !e.who && e.hash == "" {
		name, err := prompt(ctx, e.stdin, e.errors)
		if err != nil {
			return err
		}
		e.args = []string{name}
	}
	for _, arg := range e.args {
		if err := checkWanted(arg); err != nil {
			return err
		}
	}
	switch {
	case e.list:
		return e.tellList(ctx)
	case e.who:
		return e.tellWho(ctx)
	}
	return e.fetch(ctx)
}

// A file comes from defaultSources nodes at once, where so many have it and the user does not say otherwise.
const (
	defaultSources = 4
	mostSources    = 64
)

// wish returns what --hash and a name say together.
func (e *errand) wish(ctx context.Context) (client.Request, error) {
	w := client.Request{}
	if len(e.args) > 1 || len(e.args) == 1 && protocol.CheckName(e.args[0]) != nil {
		return w, usage("--hash is for one file")
	}
	if len(e.args) == 1 {
		w.Name = e.args[0]
	}
	beginning := strings.ToLower(e.hash)
	if hash, whole := protocol.ParseHash(beginning); whole {
		w.Hash = hash
		return w, nil
	}
	if beginning == (protocol.Hash{}).String() {
		return w, usage("--hash: nothing but zeros is the hash of no content")
	}
	if w.Name == "" || len(beginning) < 4 || len(beginning) >= 2*protocol.HashSize || strings.Trim(beginning, "0123456789abcdef") != "" {
		return w, usage("--hash: %d hex digits are a hash; where a name is given, the first 4 or more will do", 2*protocol.HashSize)
	}
	var failed *Failure
	if w.Hash, failed = e.wholeHash(ctx, w.Name, beginning); failed != nil {
		return w, failed
	}
	return w, nil
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
