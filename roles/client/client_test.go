package client_test

import (
	"fmt"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

const (
	relayAddress = "relay:4000"
	group        = protocol.GroupSize
)

// peers returns nodes by the last byte of their address.
func peers(last ...byte) (peers []protocol.Peer) {
	for _, n := range last {
		peers = append(peers, protocol.Peer{Host: protocol.IP{192, 0, 2, n}, Port: 5000})
	}
	return peers
}

func at(last byte) client.Node { return client.NodeOf(&peers(last)[0]) }

func ats(last ...byte) (all []client.Node) {
	for _, n := range last {
		all = append(all, at(n))
	}
	return all
}

// dials is the line for dialing a node on a link.
func dials(link int, last byte) string { return fmt.Sprintf("dial %d %s", link, at(last)) }

// file is a content: its groups have values that were made up, and its tree is right for them.
type file struct {
	client.Identity
	tree []byte
}

// made returns a file of so many bytes; another seed gives another one.
func made(size uint64, seed byte) file {
	values := make([]protocol.Hash, protocol.Groups(size))
	for i := range values {
		values[i] = protocol.Hash{seed, byte(i), byte(i >> 8), byte(i >> 16)}
	}
	hash, tree := content.Build(values)
	return file{client.Identity{Hash: hash, Size: size}, tree}
}

// outboard is the answer to a TREE of this file.
func (f file) outboard(first uint64) *protocol.Outboard {
	groups := protocol.Groups(f.Size)
	count := min(groups-first, protocol.MaxGroups)
	return &protocol.Outboard{Size: f.Size, Hash: f.Hash, First: first, Count: count, Nodes: content.Slice(f.tree, groups, first, count)}
}

// content is the answer to a GET of some groups of this file.
func (f file) content(first, count uint64) *protocol.Content {
	offset := first * group
	return &protocol.Content{Size: f.Size, Offset: offset, Length: min(count*group, f.Size-offset), Hash: f.Hash}
}

// insists are the lines for asking for the file by name and hash, and for groups that are asked for at once.
func (f file) insists(link int, gets ...string) []string {
	lines := append([]string{fmt.Sprintf("send %d TREE name=a.txt hash=%x", link, f.Hash[:1])}, gets...)
	return append(lines, fmt.Sprintf("hear %d", link))
}

// gets is the line for a GET of some groups of this file.

func (f file) gets(link int, first, count uint64) string {
	c := f.content(first, count)
	line := fmt.Sprintf("send %d GET name=a.txt", link)
	if c.Offset > 0 {
		line += fmt.Sprintf(" offset=%d", c.Offset)
	}
	return line + fmt.Sprintf(" length=%d hash=%x", c.Length, f.Hash[:1])
}

// takes is the line for receiving some groups of this file.
func (f file) takes(link int, first, count uint64) string {
	c := f.content(first, count)
	return fmt.Sprintf("receive-body %d %d+%d", link, c.Offset, c.Length)
}

// opens is the line for opening the store for this file.
func (f file) opens() string {
	return fmt.Sprintf("open-store 0 a.txt hash=%x size=%d", f.Hash[:1], f.Size)
}

func refusal(code protocol.Code) *protocol.Error {
	return &protocol.Error{Code: code, By: protocol.Node}
}

// of returns the one report of a kind, and fails unless it was made once.
func of[R any](t *testing.T, s *rolestest.Story) (found R) {
	t.Helper()
	n := 0
	for _, outcome := range s.Reports {
		if r, is := outcome.(R); is {
			found = r
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d reports of %T", n, found)
	}
	return found
}
