// Command peer-node is described in README.md and by peer-node --help.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/cmd/web/status"
	"github.com/relaypeer/relaypeer/roles"
)

func main() {
	cli.MoveMuch()
	boundGarbage()
	os.Exit(cli.Main(cli.Choose(os.Args[1:], command(), id())))
}

func command() *cobra.Command {
	var s sharing
	command := cli.New("peer-node [flags] <relay-host> <relay-port>", "Share a folder and be listed at a relay",
		"peer-node registers at a relay, tells it what it shares, and serves the files of a folder to whoever asks. It prints\n"+
			"one line, \"ready <host>:<port> <reach>\", once the relay lists it: direct if the relay has reached it there, await if\n"+
			"it has not, and clients come through the relay, pending if that is not known yet, nowhere if nobody comes (the log says\n"+
			"why), unproven if the relay does not find out.\n"+
			"Files are hashed in the background. A relay that is away is tried again for ever; one that refuses for good, or is no\n"+
			"relay, ends the node. An invite stands in place of the relay's host and port.\n\n"+
			"peer-node id prints the node's id; see peer-node id --help.",
		cli.Arguments(0, -1), s.start)
	flags := command.Flags()
	flags.StringArrayVar(&s.shares, "share", nil,
		"the folder whose files are shared, with its sub-folders, or a single FILE (default: the current folder); given\n"+
			"several times, or as NAME=DIR, each is shared under NAME/, by default the last part of its path")
	flags.BoolVar(&s.hidden, "hidden", false, "share files and folders whose names start with a dot, too")
	flags.StringVar(&s.index, "index", "",
		"the FILE that keeps what has been hashed between runs, with .NAME behind it for each of several shares; - for none\n"+
			"(default: one for each folder in the user's cache)")
	flags.BoolVar(&s.NoPublish, "no-publish", false,
		"do not tell the relay what is shared; it takes the node for one that may have anything")
	flags.BoolVar(&s.NoCircuits, "no-circuits", false, "let no client come through the relay, even if nobody can connect to the node")
	flags.StringArrayVar(&s.mirror, "mirror", nil,
		"fetch what others publish under names that match this PATTERN, and share it; may be given several times")
	flags.StringVar(&s.Listen, "listen", ":0", "HOST:PORT to serve on; port 0 picks a free one")
	flags.StringVar(&s.advertise, "advertise", "", "HOST[:PORT] to be listed at, where the relay allows it")
	flags.StringVar(&s.allow, "allow", "",
		"serve those alone whom this `FILE` lists, a line \"ID NAME ROLE\" for each; SIGHUP has it read again (default: everybody)")
	flags.StringVar(&s.id, "id", "", "with --plain: the node's secret, 64 hex digits (default: drawn at each start)")
	flags.IntVar(&s.MaxLinks, "max-links", roles.MaxLinks, "connections at once")
	flags.IntVar(&s.MaxFrom, "max-links-from", roles.MaxLinksFrom, "of these, those of one address, of IPv6 of one /64, unless given a quarter at most")
	flags.Float64Var(&s.LinkRate, "link-rate-from", roles.LinkRateFrom, "connections that are taken from one address in a second, after ten times as many at once")
	flags.IntVar(&s.Terms.Uploads, "uploads", 0,
		fmt.Sprintf("files, or parts of them, that are sent at once; others wait for their turn, and each client has the same\n"+
			"(default: %d, or as many as --upload-rate allows)", roles.MaxUploads))
	flags.StringVar(&s.rate, "upload-rate", "", "`BYTES` a second of all that is sent of files, with K, M or G behind a number (default: no bound)")
	flags.StringVar(&s.each, "upload-rate-each", "", "`BYTES` a second of what is sent to one client: one id, or with --plain one address (default: no bound)")
	cli.RelayFlag(command)
	s.secured.SecureFlags(command, "the node's key, one for each folder that is shared, and which relays are known")
	s.secured.TrustFlags(command)
	s.shown.Flags(flags, status.NodeUsage)
	cli.LogFlags(command, "info")
	return command
}

// start does what the flags and arguments ask for.
func (s *sharing) start(c *cobra.Command, args []string) (err error) {
	if err := s.parse(c, args); err != nil {
		return err
	}
	if s.Log, err = cli.Logger(c); err != nil {
		return err
	}
	if err := s.secured.Open(s.Log); err != nil {
		return err
	}
	if err := s.guard(c.Context()); err != nil {
		return err
	}
	if s.door, err = web.Open(c.Context(), s.shown, s.Log.Named("http")); err != nil {
		return err
	}
	defer s.door.Close()
	s.version = c.Version
	return s.secured.WithHint(s.run(c.Context(), c.OutOrStdout()), s.Relay)
}
