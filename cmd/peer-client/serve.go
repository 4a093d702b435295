package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/cmd/web/gateway"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/groups"
)

// serving is the subcommand that serves what nodes share over HTTP.
type serving struct {
	command
	door  web.Options
	cache string // the folder of groups that are kept; "": none is
	size  string // of that
}

// servingPercent is how much garbage there may be beside what is in use: open files have much in use.
const servingPercent = 50

// fitsServe reports whether serve must be meant, although --http is not there: a relay and nothing else stands behind
// it. A port there belongs to a host of that name.
func fitsServe(further []string) bool {
	switch len(further) {
	case 1:
		return protocol.IsInvite(further[0])
	case 2:
		_, portFirst := cli.ParsePort(further[0], false)
		_, relay := cli.ParseRelay(further[0], further[1])
		return portFirst != nil && relay == nil
	}
	return false
}

func newServe() *cobra.Command {
	s := &serving{command: command{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}}
	program := cli.New("peer-client serve [flags] --http HOST:PORT <relay-host> <relay-port>", "Serve what nodes share to browsers, players and curl",
		"peer-client serve serves over HTTP what the nodes of a relay share: /files/NAME, /hash/HEX, folders as pages, searches,\n"+
			"who has a file, /zip/FOLDER/. It verifies each byte before that leaves, fetches no more than is asked for, and keeps\n"+
			"nothing, but with --cache. It prints one line, \"ready http://HOST:PORT/\", once it can be used; a relay that is away is asked again.\n"+
			"An invite stands in place of the relay's host and port.\n\n"+
			"Without --http a host or a file may be called serve. With it, nothing is.",
		cli.Arguments(1, -1), s.start)
	cli.RelayFlag(program)
	s.secured.SecureFlags(program, "which relays are known and, if it is named, the client's key")
	s.secured.TrustFlags(program)
	cli.LogFlags(program, "info")
	flags := program.Flags()
	s.door.Flags(flags, "serve at this `HOST:PORT`, or unix:PATH; port 0 picks a free one")
	flags.StringVar(&s.cache, "cache", "", "keep what was fetched and verified in this `DIR`, between runs as well: what is asked for again comes from there\n"+
		"(default: nothing is kept)")
	flags.StringVar(&s.size, "cache-size", "1G", "`BYTES` that --cache takes at most, with K, M, G or T behind a number; what was used longest ago goes first")
	flags.BoolVar(&s.client.NoCircuits, "no-circuits", false, "reach no node through the relay: those that cannot be connected to are not asked")
	s.program = program
	return program
}

// ofServe says of a flag that serve alone has that it is one of serve, and leaves the rest to misused.
func ofServe(misused func(*cobra.Command, error) error) func(*cobra.Command, error) error {
	return func(program *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) {
			serve := newServe()
			if flag := serve.Flags().Lookup(unknown.GetSpecifiedName()); flag != nil {
				return cli.Usage("--%s is of peer-client serve: %s", flag.Name, serve.Use)
			}
		}
		return misused(program, err)
	}
}

// start takes the arguments, and serves until the program is told to stop.
func (s *serving) start(program *cobra.Command, args []string) (err error) {
	if s.door.Listen == "" {
		return cli.Usage("--http HOST:PORT says where to serve: %s", program.Use)
	}
	relay, rest, err := cli.TakeRelay(program, args[1:], false)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return cli.Usage("%q is one argument too many: %s", cli.ForDisplay(rest[0]), program.Use)
	}
	s.client.Relay, s.secured.Invite = relay.Address, relay.Invite
	if s.client.Log, err = cli.Logger(program); err != nil {
		return err
	}
	if err := s.secure(); err != nil {
		return err
	}
	kept, err := s.openCache()
	if err != nil {
		return err
	}
	if kept != nil {
		s.client.Cache = kept
		defer func() { err = errors.Join(err, kept.Close()) }()
	}
	return s.serve(program.Context())
}

// openCache opens the cache that the flags ask for, or returns nil.
func (s *serving) openCache() (*groups.Cache, error) {
	if s.cache == "" {
		if s.program.Flags().Changed("cache-size") {
			return nil, cli.Usage("--cache-size is of --cache DIR, which is not given")
		}
		return nil, nil
	}
	size, err := cli.ParseBytes(s.size)
	if err == nil && size < groups.Least {
		err = fmt.Errorf("%s is less than %s", s.size, cli.Bytes(groups.Least))
	}
	if err != nil {
		return nil, cli.Usage("--cache-size: %v", err)
	}
	kept, err := groups.Open(s.cache, int64(size), s.client.Log.Named("cache"))
	if err != nil {
		return nil, fmt.Errorf("--cache: %w", err)
	}
	return kept, nil
}

// serve opens the door and serves.
func (s *serving) serve(ctx context.Context) (err error) {
	log := s.client.Log
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(servingPercent)
	}
	door, err := web.Open(ctx, s.door, log.Named("http"))
	if err != nil {
		return err
	}
	defer door.Close()
	g := gateway.New(&s.client, log.Named("gateway"))
	g.Explain = func(err error) error { return s.secured.WithHint(err, s.client.Relay) }
	defer func() { err = errors.Join(err, g.Close()) }()
	if _, err := fmt.Fprintf(s.program.OutOrStdout(), "ready %s\n", door.URL()); err != nil {
		return err
	}
	defer cli.LogStopping(ctx, log)()
	defer cli.ReturnMemory(ctx)()
	return cli.Served(door.Serve(ctx, g))
}
