package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/cmd/web/gateway"
	"github.com/relaypeer/relaypeer/protocol"
)

// serving is the subcommand that serves what nodes share over HTTP.
type serving struct {
	command
	door web.Options
}

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
			"nothing. It prints one line, \"ready http://HOST:PORT/\", once it can be used; a relay that is away is asked again.\n"+
			"An invite stands in place of the relay's host and port.\n\n"+
			"Without --http a host or a file may be called serve. With it, nothing is.",
		cli.Arguments(1, -1), s.start)
	cli.RelayFlag(program)
	s.secured.SecureFlags(program, "which relays are known and, if it is named, the client's key")
	s.secured.TrustFlags(program)
	cli.LogFlags(program, "info")
	flags := program.Flags()
	s.door.Flags(flags, "serve at this `HOST:PORT`, or unix:PATH; port 0 picks a free one")
	flags.BoolVar(&s.client.NoCircuits, "no-circuits", false, "reach no node through the relay: those that cannot be connected to are not asked")
	s.program = program
	return program
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
	return s.serve(program.Context())
}

// serve opens the door and serves.
func (s *serving) serve(ctx context.Context) (err error) {
	log := s.client.Log
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
