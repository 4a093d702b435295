package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// circuitFlags are the flags for what circuits may take. Each is a number, 0 for none at all, none for no limit, or
// empty for the default, which depends on whether the relay is closed.
type circuitFlags struct{ all, from, bytes, rate, awaits string }

func (f *circuitFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.all, "circuits", "", fmt.Sprintf(
		"circuits, ways through the relay to nodes that nobody can connect to, at once; 0: none are made (default: %d, with --admit %d)",
		roles.MaxCircuits, roles.MaxCircuitsClosed))
	flags.StringVar(&f.from, "circuits-from", "", fmt.Sprintf(
		"of these, those of one address, of IPv6 of one /64, with --admit of one member, or none (default: %d)", roles.MaxCircuitsFrom))
	flags.StringVar(&f.bytes, "circuit-bytes", "",
		"`BYTES` that those of one address, with --admit of one member, may pass in a day, both ways together, with K, M or G behind\na number, or none "+
			"(default: "+cli.Bytes(roles.CircuitBytesFrom)+", with --admit none)")
	flags.StringVar(&f.rate, "circuit-rate", "", "`BYTES` a second of those of one address, with --admit of one member, at least 8K, or none (default: none)")
	flags.StringVar(&f.awaits, "awaits", "", "nodes that wait for clients at once, on a connection each (default: half of --max-links)")
}

// limits returns the limits, nil if none is set.
func (f *circuitFlags) limits(closed bool) (*peer.CircuitLimits, error) {
	if *f == (circuitFlags{}) {
		return nil, nil
	}
	limits := peer.OpenCircuits
	if closed {
		limits = peer.ClosedCircuits
	}
	for _, one := range []struct {
		flag, text string
		to         *int
	}{{"--circuits", f.all, &limits.Circuits}, {"--circuits-from", f.from, &limits.CircuitsFrom}, {"--awaits", f.awaits, &limits.Awaits}} {
		if err := parseLimit(one.flag, one.text, func(text string) error {
			number, err := strconv.ParseUint(text, 10, 31)
			*one.to = int(number)
			return err
		}, func() { *one.to = int(roles.MaxLinks) }); err != nil {
			return nil, err
		}
	}
	if f.awaits != "" && limits.Awaits == 0 {
		return nil, cli.Usage("--awaits: at least 1; --circuits 0 has no node wait for clients")
	}
	for _, one := range []struct {
		flag, text string
		to         *int64
	}{{"--circuit-bytes", f.bytes, &limits.BytesFrom}, {"--circuit-rate", f.rate, &limits.Rate}} {
		if err := parseLimit(one.flag, one.text, func(text string) error {
			if text == "0" {
				*one.to = 0
				return nil
			}
			bytes, err := cli.ParseBytes(text)
			*one.to = int64(bytes)
			return err
		}, func() { *one.to = peer.NoCircuitLimit }); err != nil {
			return nil, err
		}
	}
	if least := int64(roles.LeastUploadRate); limits.Rate > 0 && limits.Rate < least {
		return nil, cli.Usage("--circuit-rate: at least %s a second: through a slower circuit no client gets an answer in time; --circuits 0 makes none", cli.Bytes(uint64(least)))
	}
	return &limits, nil
}

// parseLimit reads one limit: empty leaves the default, and none is no limit.
func parseLimit(flag, text string, number func(string) error, none func()) error {
	switch text {
	case "":
	case "none":
		none()
	default:
		if err := number(text); err != nil {
			return cli.Usage("%s: %q is no number, nor none", flag, cli.ForDisplay(text))
		}
	}
	return nil
}
