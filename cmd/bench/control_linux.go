package main

import (
	"os"
	"strings"
)

const congestionFile = "/proc/sys/net/ipv4/tcp_congestion_control"

// congestion returns the congestion control of sockets that are made now.
func congestion() string {
	name, err := os.ReadFile(congestionFile)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(name))
}

// congest chooses the congestion control of sockets that are made from now on.
func congest(name string) error { return os.WriteFile(congestionFile, []byte(name), 0) }
