package protocol

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NormalAddress returns the one form of a relay's HOST:PORT, under which it is known and invited to:
// the host in lower case without a dot at its end, an IP address in its shortest form, an IPv4 one
// mapped into IPv6 as IPv4.
func NormalAddress(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || !utf8.ValidString(address) {
		return "", fmt.Errorf("%q is not HOST:PORT", address)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", fmt.Errorf("%q is no port", port)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	} else {
		host = strings.TrimSuffix(strings.ToLower(host), ".")
	}
	if !isHost(host) {
		return "", fmt.Errorf("%q is no host", host)
	}
	return net.JoinHostPort(host, strconv.FormatUint(number, 10)), nil
}

// isHost reports whether a text in its normal form can be a host, and have its place in a line.
func isHost(text string) bool {
	if strings.Contains(text, ":") {
		_, err := netip.ParseAddr(text)
		if err != nil {
			return false
		}
	}
	return text != "" && text[0] != '#' && !strings.HasSuffix(text, ".") && Printable(text, len(text)) == text &&
		!strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '[' || r == ']' })
}
