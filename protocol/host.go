package protocol

import (
	"fmt"
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
	host, port, is := splitHostPort(address)
	if !is || !utf8.ValidString(address) {
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
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.FormatUint(number, 10), nil
}

// splitHostPort splits an address at the colon before its port. A host with colons is in brackets.
func splitHostPort(address string) (host, port string, is bool) {
	if inside, bracket := strings.CutPrefix(address, "["); bracket {
		return strings.Cut(inside, "]:")
	}
	host, port, is = strings.Cut(address, ":")
	return host, port, is && !strings.Contains(port, ":")
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
