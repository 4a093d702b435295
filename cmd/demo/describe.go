package main

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// describe shows a message with what matters in it.
func describe(m protocol.Message) string {
	switch m := m.(type) {
	case *protocol.Register:
		return fmt.Sprintf("%s port %d, epoch %d", m.Kind(), m.Port, m.Epoch)
	case *protocol.Registered:
		at := netip.AddrPortFrom(m.Host.Addr(), m.Port)
		return fmt.Sprintf("%s at %s (%s) for %v, renew after %v", m.Kind(), at, m.Reach, roles.Millis(m.TTL), roles.Millis(m.Renew))
	case *protocol.Publish:
		return fmt.Sprintf("%s %s, up to change %d of %d", m.Kind(), cli.Count(len(m.Changes), "name", "names"), m.To, m.Latest)
	case *protocol.Published:
		return fmt.Sprintf("%s: change %d is held", m.Kind(), m.Sequence)
	case *protocol.Locate:
		return fmt.Sprintf("%s %s", m.Kind(), file(m.Name, m.Hash))
	case *protocol.Located:
		nodes := []string{}
		for _, p := range m.Peers {
			nodes = append(nodes, p.Addr().String())
			if !p.Hash.IsZero() {
				nodes[len(nodes)-1] += " has it"
			}
		}
		return fmt.Sprintf("%s %s: %s", m.Kind(), cli.Count(len(nodes), "node", "nodes"), strings.Join(nodes, ", "))
	case *protocol.List:
		return fmt.Sprintf("%s %q", m.Kind(), cli.ForDisplay(m.Pattern))
	case *protocol.Listed:
		return fmt.Sprintf("%s %s", m.Kind(), cli.Count(len(m.Items), "name", "names"))
	case *protocol.Tree:
		return fmt.Sprintf("%s of %s", m.Kind(), file(m.Name, m.Hash))
	case *protocol.Outboard:
		return fmt.Sprintf("%s %d bytes, hash %s, %s", m.Kind(), m.Size, cli.ShortHash(m.Hash), cli.Count(int(m.Count), "group", "groups"))
	case *protocol.Hashing:
		return fmt.Sprintf("%s %d bytes of %d so far", m.Kind(), m.Done, m.Size)
	case *protocol.Get:
		return fmt.Sprintf("%s %s from byte %d", m.Kind(), file(m.Name, m.Hash), m.Offset)
	case *protocol.Content:
		return fmt.Sprintf("%s %d bytes of %d follow, hash %s", m.Kind(), m.Length, m.Size, cli.ShortHash(m.Hash))
	case *protocol.Error:
		return fmt.Sprintf("%s %s: %s", m.Kind(), m.Code, cli.ForDisplay(m.Text))
	default:
		return m.Kind().String()
	}
}

// file shows how a file is named.
func file(name string, hash protocol.Hash) string {
	switch {
	case hash.IsZero():
		return fmt.Sprintf("%q", cli.ForDisplay(name))
	case name == "":
		return "content " + cli.ShortHash(hash)
	}
	return fmt.Sprintf("%q with content %s", cli.ForDisplay(name), cli.ShortHash(hash))
}
