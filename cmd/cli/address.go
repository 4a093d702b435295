package cli

import (
	"net"
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
		return 0, Usage("%q is not a TCP port: %d to 65535", text, least)
	}
	return uint16(port), nil
}

// ParseRelay reads a relay's host and port.
func ParseRelay(host, port string) (string, error) {
	if _, err := ParsePort(port, false); err != nil {
		return "", err
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || strings.ContainsRune("/\\@?#[]\"'", r) }) {
		return "", Usage("%q is not a host", host)
	}
	return net.JoinHostPort(host, port), nil
}
