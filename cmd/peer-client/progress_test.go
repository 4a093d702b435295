package main

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// TestWhatANodeMakesUsWaitForIsSaidOnce where there is no bar: that it is busy, and that it hashes.
func TestWhatANodeMakesUsWaitForIsSaidOnce(t *testing.T) {
	var lines []string
	p := &progress{line: func(text string) { lines = append(lines, text) }, told: map[delay]bool{}}
	node := client.Node{AddrPort: netip.MustParseAddrPort("192.0.2.1:5000")}
	c := &command{}
	for range 3 {
		c.follow(p, client.Tried{Node: node, Code: protocol.Busy, By: protocol.Node})
		c.follow(p, client.Hashing{Node: node, Done: 1, Size: 2})
		c.follow(p, client.Tried{Node: node, Code: protocol.NotFound, By: protocol.Node})
	}
	if want := []string{"192.0.2.1:5000 is busy: it is asked again, after others", "192.0.2.1:5000 is hashing: 50 % of 2 bytes"}; !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
}
