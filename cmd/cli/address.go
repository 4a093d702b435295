package cli

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// ParsePort reads a TCP port; 0 is allowed where one is to be picked.
func ParsePort(text string, zero bool) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 && !zero {
		least := 1
		if zero {
			least = 0
		}
		return 0, Usage("%q is not a TCP port: %d to 65535", ForDisplay(text), least)
	}
	return uint16(port), nil
}

// ParseHostPort reads a host and a port that are one text.
func ParseHostPort(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		return ParseRelay(host, port)
	}
	if strings.Count(text, ":") > 1 {
		return "", Usage("%q is not HOST:PORT: an IPv6 address goes into brackets, as in [::1]:4000", ForDisplay(text))
	}
	return "", Usage("%q is not HOST:PORT, as in relay.example:4000", ForDisplay(text))
}

// ParseRelay reads a relay's host and port.
func ParseRelay(host, port string) (string, error) {
	if _, err := ParsePort(port, false); err != nil {
		return "", err
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	bad := host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || strings.ContainsRune("/\\@?#[]\"'", r) })
	if strings.Contains(host, ":") {
		_, err := netip.ParseAddr(host)
		bad = err != nil
	}
	if bad {
		return "", Usage("%q is not a host", ForDisplay(host))
	}
	return net.JoinHostPort(host, port), nil
}
