package main

import (
	"context"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
)

// parse reads the arguments and those flags that are more than a text.
func (s *sharing) parse(c *cobra.Command, args []string) (err error) {
	relay, rest, err := cli.TakeRelay(c, args, false)
	switch {
	case err != nil:
		return err
	case len(rest) > 0 && len(rest) == len(args): // and none names the relay
		return cli.Usage("%q is one argument too many: the relay is %s, as --relay or the environment says", cli.ForDisplay(rest[0]), relay.Address)
	case len(rest) > 0:
		return cli.Usage("%q is one argument too many: %s", cli.ForDisplay(rest[0]), c.Use)
	}
	s.Relay, s.secured.Invite = relay.Address, relay.Invite
	if s.ID, err = parseID(s.id); err != nil {
		return err
	}
	if s.id != "" && !s.secured.Plain {
		return cli.Usage("--id is for --plain alone: over TLS the node's id is its key; peer-node id prints it")
	}
	if s.Advertise, err = parseAdvertise(c.Context(), s.advertise); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return cli.Usage("--listen: %q is not HOST:PORT", s.Listen)
	}
	if _, err := cli.ParsePort(port, true); err != nil {
		return cli.Usage("--listen: %v", err)
	}
	if err := checkListen(host); err != nil {
		return err
	}
	for _, pattern := range s.mirror {
		if err := protocol.CheckPattern(pattern); err != nil || pattern == "" {
			return cli.Usage("--mirror: %q is no pattern", cli.ForDisplay(pattern))
		}
	}
	if s.MaxLinks < 1 || s.MaxFrom < 1 {
		return cli.Usage("--max-links and --max-links-from are at least 1")
	}
	s.MaxFrom = cli.LinksFrom(c, s.MaxFrom)
	if !(s.LinkRate > 0) {
		return cli.Usage("--link-rate-from is above 0")
	}
	if err := s.parseTerms(c.Flags().Changed("uploads")); err != nil {
		return err
	}
	if err := checkIndex(s.index); err != nil {
		return err
	}
	return s.parseShares()
}

// parseTerms reads what clients may take.
func (s *sharing) parseTerms(uploads bool) (err error) {
	if uploads && s.Terms.Uploads < 1 {
		return cli.Usage("--uploads is at least 1")
	}
	for _, rate := range []struct {
		flag, text string
		bytes      *uint64
	}{{"--upload-rate", s.rate, &s.Terms.Rate}, {"--upload-rate-each", s.each, &s.Terms.Each}} {
		if rate.text == "" {
			continue
		}
		if *rate.bytes, err = cli.ParseBytes(rate.text); err != nil {
			return cli.Usage("%s: %v", rate.flag, err)
		}
	}
	if err := s.Terms.Check(); err != nil {
		return cli.Usage("%v", err)
	}
	return nil
}

// checkListen refuses an address at which no peer could reach a node.
func checkListen(host string) error {
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.IsUnspecified() {
		return nil
	}
	if err := protocol.AsError(protocol.CheckAddress(addr.WithZone(""))); err != nil {
		return cli.Usage("--listen: %s", err.Text)
	}
	return nil
}

// parseID reads the id of a node. None is the zero id.
func parseID(text string) (id protocol.PeerID, err error) {
	if text == "" {
		return id, nil
	}
	bytes, err := hex.DecodeString(text)
	if copy(id[:], bytes); err != nil || len(bytes) != len(id) || id == (protocol.PeerID{}) {
		return id, cli.Usage("--id: %d hex digits, not all zero, are a node id", 2*len(id))
	}
	return id, nil
}

// parseAdvertise reads HOST or HOST:PORT; a name is looked up now, for addresses are what relays
// hand out.
func parseAdvertise(ctx context.Context, text string) (netip.AddrPort, error) {
	if text == "" {
		return netip.AddrPort{}, nil
	}
	host, port := text, uint16(0)
	if h, p, err := net.SplitHostPort(text); err == nil {
		if port, err = cli.ParsePort(p, false); err != nil {
			return netip.AddrPort{}, cli.Usage("--advertise: %v", err)
		}
		host = h
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return netip.AddrPort{}, cli.Usage("--advertise: %q is not an address, and no name that can be looked up", host)
	}
	addr := found[0].Unmap()
	if err := protocol.AsError(protocol.CheckAddress(addr)); err != nil {
		return netip.AddrPort{}, cli.Usage("--advertise: %s", err.Text)
	}
	return netip.AddrPortFrom(addr, port), nil
}

// checkIndex refuses an index for which more than one folder would have to be made: that is a slip
// of the pen.
func checkIndex(file string) error {
	if file == "" || file == "-" {
		return nil
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	above := filepath.Dir(filepath.Dir(file))
	if info, err := os.Stat(above); err != nil || !info.IsDir() {
		return cli.Usage("--index: there is no folder %q", above)
	}
	return nil
}
