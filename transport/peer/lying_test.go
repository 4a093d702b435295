package peer_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// lyingRelay serves, over TCP, what no relay of ours would send: answer returns the bytes of the answer
// to a request.
func lyingRelay(t *testing.T, answer func(request protocol.Message) []byte) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			link, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer link.Close()
				for {
					request := readRequest(link)
					if request == nil {
						return
					}
					if _, err := link.Write(answer(request)); err != nil {
						return
					}
				}
			})
		}
	})
	return listener.Addr().String()
}

// readRequest reads a request, or returns nil.
func readRequest(link io.Reader) protocol.Message {
	frame := make([]byte, protocol.HeaderSize)
	if _, err := io.ReadFull(link, frame); err != nil {
		return nil
	}
	frame = append(frame, make([]byte, binary.BigEndian.Uint32(frame[4:]))...)
	if _, err := io.ReadFull(link, frame[protocol.HeaderSize:]); err != nil {
		return nil
	}
	m, _, _ := protocol.Decode(frame)
	return m
}

// spoiled returns the bytes of a message in which some are others.
func spoiled(m protocol.Message, pairs ...string) []byte {
	frame := protocol.Append(nil, m)
	for i := 0; i < len(pairs); i += 2 {
		frame = bytes.ReplaceAll(frame, []byte(pairs[i]), []byte(pairs[i+1]))
	}
	return frame
}

// badList is a page of which half of the names, and one of two holders, are bad.
func badList(cursor []byte) []byte {
	item := func(name string, holders ...uint64) protocol.Item {
		return protocol.Item{Name: name, Size: 1, Hash: protocol.Hash{1}, Count: 2, Holders: holders}
	}
	return spoiled(&protocol.Listed{
		Items:  []protocol.Item{item("good", 0, 1), item("xx/passwd", 1), item("also good", 1), item("yybidi", 0)},
		Peers:  []protocol.Peer{{Host: protocol.IP("ABCD"), Port: 9}, {Host: protocol.IP{127, 0, 0, 1}, Port: 9}},
		Cursor: cursor,
	}, "xx/", "../", "yy", "\x1b[", "ABCD", "\xe0\x00\x00\x01")
}

// badNodes is a page of nodes of which none can be anywhere.
func badNodes(cursor []byte) []byte {
	return spoiled(&protocol.Located{
		Peers:  []protocol.Peer{{Host: protocol.IP("ABCD"), Port: 9}, {Host: protocol.IP("EFGH"), Port: 9}},
		Cursor: cursor,
	}, "ABCD", "\x00\x00\x00\x00", "EFGH", "\xff\xff\xff\xff")
}

// TestBadEntriesOfARelayCostThemselves: in a list, in a list of nodes, and for a fetch, which is not
// certain then. The client says how many there were.
func TestBadEntriesOfARelayCostThemselves(t *testing.T) {
	log := &journal{}
	relay := lyingRelay(t, func(request protocol.Message) []byte {
		if _, list := request.(*protocol.List); list {
			return badList(nil)
		}
		return badNodes(nil)
	})
	c := &peer.Client{Network: transport.TCP{}, Relay: relay, Log: log.logger(hclog.Warn)}
	var names []string
	for offer, err := range c.List(t.Context(), "", true) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprint(offer.Name, offer.Holders))
	}
	if !slices.Equal(names, []string{"good[127.0.0.1:9]", "also good[127.0.0.1:9]"}) {
		t.Errorf("%q", names)
	}
	if log.count("the relay's answer has bad entries", "left_out=3") != 1 {
		t.Error(log)
	}
	for holder, err := range c.Who(t.Context(), peer.Request{Name: "a"}) {
		t.Errorf("%v, %v", holder, err)
	}
	r := c.Fetch(t.Context(), peer.Request{Name: "a"}, io.Discard)
	if r.Outcome != client.Unsure || r.Unasked.LeftOut != 2 || len(r.Tried) > 0 || !errors.Is(r.Err(), peer.ErrUnsure) {
		t.Errorf("%+v", r)
	}
	if log.count("the relay's answer has bad entries", "left_out=2") != 2 {
		t.Error(log)
	}
}

// TestARelayWithoutAnEndIsLeft, by a fetch of one file: pages that are empty, that name the same
// nodes, or nodes that are nowhere.
func TestARelayWithoutAnEndIsLeft(t *testing.T) {
	nowhere := func() []byte {
		return protocol.Append(nil, &protocol.Located{Peers: []protocol.Peer{{Host: protocol.IP{127, 0, 0, 1}, Port: 1}}, Cursor: []byte{1}})
	}
	for name, page := range map[string]func() []byte{
		"empty":    func() []byte { return protocol.Append(nil, &protocol.Located{Cursor: []byte{1}}) },
		"bad":      func() []byte { return badNodes([]byte{1}) },
		"the same": nowhere,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			relay := lyingRelay(t, func(protocol.Message) []byte { return page() })
			start := time.Now()
			r := (&peer.Client{Network: transport.TCP{}, Relay: relay}).Fetch(t.Context(), peer.Request{Name: "a"}, io.Discard)
			if r.Outcome != client.Unsure || !r.Unasked.Endless || len(r.Tried) > 1 {
				t.Errorf("%+v", r)
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %v", took)
			}
		})
	}
}
