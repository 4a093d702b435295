package web

import (
	"net"
	"net/netip"
	"strings"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// hosts are the names and addresses under which a door may be called. A page of another site can
// give its own name our address (DNS rebinding), and would be of the same origin as ours: its
// requests carry that name, which is not among these.
type hosts struct {
	names map[string]bool
	addrs map[netip.Addr]bool
}

// newHosts returns those of an endpoint, and the further ones of --http-host.
func newHosts(e endpoint, further []string) (*hosts, error) {
	h := &hosts{map[string]bool{}, map[netip.Addr]bool{}}
	if e.host != "" {
		h.add(e.host)
	}
	for _, name := range further {
		if !h.add(name) {
			return nil, cli.Usage("--http-host: %q is not a name or an address; a port does not belong there", cli.ForDisplay(name))
		}
	}
	return h, nil
}

// add adds a name or an address, and reports whether it is one.
func (h *hosts) add(text string) bool {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if addr, err := netip.ParseAddr(text); err == nil {
		h.addrs[plain(addr)] = true
		return true
	}
	name, is := hostName(text)
	if !is || name != strings.ToLower(strings.TrimSuffix(text, ".")) {
		return false
	}
	h.names[name] = true
	return true
}

// allows reports whether a Host header may be answered on a connection to a local address, an
// invalid one of a UNIX socket. An address that the connection is to is allowed: no name led there.
// Ports do not matter, as they change on the way through a tunnel or a proxy.
func (h *hosts) allows(header string, local netip.Addr) bool {
	name, is := hostName(header)
	if !is {
		return false
	}
	own := !local.IsValid() || local.IsLoopback()
	if addr, err := netip.ParseAddr(name); err == nil {
		addr = plain(addr)
		return h.addrs[addr] || addr == plain(local) || own && addr.IsLoopback()
	}
	return h.names[name] || own && name == "localhost"
}

// plain returns an address without a zone, an IPv4 one as such.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// maxHost is the most bytes of a Host header: a name of DNS, and a port.
const maxHost = 255 + len(":65535")

// hostName returns the name or the address of a Host header, in lower case, without its port and
// without brackets.
func hostName(header string) (name string, is bool) {
	if header == "" || len(header) > maxHost {
		return "", false
	}
	name = header
	if inside, rest, brackets := strings.Cut(strings.TrimPrefix(header, "["), "]"); strings.HasPrefix(header, "[") {
		if !brackets || rest != "" && !isPort(rest) {
			return "", false
		}
		addr, err := netip.ParseAddr(inside)
		return strings.ToLower(inside), err == nil && addr.Is6()
	}
	if at := strings.IndexByte(header, ':'); at >= 0 {
		if !isPort(header[at:]) {
			return "", false
		}
		name = header[:at]
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	strange := strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_')
	})
	return name, name != "" && !strange
}

// isPort reports whether a text is a colon and a port, which may be empty.
func isPort(text string) bool {
	if !strings.HasPrefix(text, ":") {
		return false
	}
	_, err := cli.ParsePort(text[1:], true)
	return err == nil || text == ":"
}

// addrOf returns the IP address of an address of package net; an invalid one of a UNIX socket.
func addrOf(addr net.Addr) netip.Addr {
	if tcp, is := addr.(*net.TCPAddr); is {
		return tcp.AddrPort().Addr()
	}
	return netip.Addr{}
}
