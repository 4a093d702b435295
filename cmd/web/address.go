package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// unixPrefix is before the path of a socket.
const unixPrefix = "unix:"

// endpoint is where a door listens.
type endpoint struct {
	socket string         // the path of a UNIX socket; "": it is an address
	host   string         // as the user has typed it; "": all addresses
	at     netip.AddrPort // the address that host has, so that what is checked is what is listened at
}

// parseListen reads HOST:PORT or unix:PATH, and looks up the host.
func parseListen(ctx context.Context, text string) (e endpoint, err error) {
	if path, is := strings.CutPrefix(text, unixPrefix); is {
		if path == "" || path[0] == '@' { // which would be a socket without a file, and so without rights
			return e, cli.Usage("--http: %s needs the path of a socket behind it", unixPrefix)
		}
		return endpoint{socket: path}, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return e, cli.Usage("--http: %q is neither HOST:PORT, as in localhost:8080, nor unix:PATH", cli.ForDisplay(text))
	}
	number, err := cli.ParsePort(port, true)
	if err != nil {
		return e, cli.Usage("--http: %v", err)
	}
	if host == "" {
		return endpoint{at: netip.AddrPortFrom(netip.IPv6Unspecified(), number)}, nil
	}
	addr, err := lookUp(ctx, host)
	return endpoint{host: host, at: netip.AddrPortFrom(addr, number)}, err
}

// lookUp returns the address of a host, an IPv4 one if it has one.
func lookUp(ctx context.Context, host string) (netip.Addr, error) {
	all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("--http: %w", err)
	}
	if len(all) == 0 {
		return netip.Addr{}, fmt.Errorf("--http: %s has no address", cli.ForDisplay(host))
	}
	for _, addr := range all {
		if addr.Unmap().Is4() {
			return addr.Unmap(), nil
		}
	}
	return all[0], nil
}

// ownAddress returns an address at which other machines may reach this one, or else loopback: what a
// door that listens at all addresses is called.
func ownAddress() string {
	all, _ := net.InterfaceAddrs()
	for _, addr := range all {
		if of, is := addr.(*net.IPNet); is && of.IP.IsGlobalUnicast() {
			return of.IP.String()
		}
	}
	return "127.0.0.1"
}

// own reports whether nobody but this machine reaches the endpoint.
func (e endpoint) own() bool { return e.socket != "" || e.at.Addr().IsLoopback() }

// listen listens there.
func (e endpoint) listen(ctx context.Context) (net.Listener, error) {
	if e.socket != "" {
		return listenUnix(ctx, e.socket)
	}
	text := e.at.String()
	if e.host == "" { // all addresses of both families, where the system has both
		text = net.JoinHostPort("", strconv.Itoa(int(e.at.Port())))
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", text)
	if err != nil {
		return nil, fmt.Errorf("--http: %w%s", inner(err), e.cure(err))
	}
	return listener, nil
}

// cure says what to do where the endpoint cannot be listened at, if that is known.
func (e endpoint) cure(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "; another program listens there: choose another port, or 0 for a free one"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "; this machine does not have that address"
	case errors.Is(err, fs.ErrPermission) && e.at.Port() < 1024:
		return "; only the system's own programs may have ports below 1024: choose another port"
	}
	return ""
}

// inner returns an error of package net without the addresses that it repeats where there are none.
func inner(err error) error {
	if of := (*net.OpError)(nil); errors.As(err, &of) && of.Addr == nil {
		return of.Err
	}
	return err
}
