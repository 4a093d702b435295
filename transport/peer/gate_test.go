package peer_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/state"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// closedAt serves a closed relay at relay:4000 of a memory, and returns what makes invites to it at some
// addresses, for so many keys.
func closedAt(t *testing.T, memory *transport.Memory) (invite func(uses int, addresses ...string) *protocol.Invite) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "friends")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	admission, err := state.OpenAdmission(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admission.Close() })
	network := &transport.TLS{Network: memory, By: protocol.Relay}
	listener, err := network.Listen(t.Context(), "relay:4000")
	if err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) error {
		return (&peer.Relay{Admission: admission, Network: network}).Serve(ctx, listener)
	})
	return func(uses int, addresses ...string) *protocol.Invite {
		files, err := state.AdmitAt(path)
		if err != nil {
			t.Fatal(err)
		}
		made, err := files.NewInvite(addresses, network.ID(), protocol.BothRoles, uses, time.Now().Add(time.Hour), "")
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
}

// TestAnInviteAdmitsWhoUsesIt: a node and a client, at whichever of its addresses the relay answers, and the
// key alone from then on.
func TestAnInviteAdmitsWhoUsesIt(t *testing.T) {
	memory, known := transport.NewMemory(), new(state.KnownRelays)
	invite := closedAt(t, memory)
	two := invite(2, "away:4000", "relay:4000")
	n := &peer.Node{Network: &transport.TLS{Network: memory, By: protocol.Node}, Relay: "away:4000", Listen: ":5000", Share: share(t, tree("a", "1")), Trust: peer.Trust{Invite: two}}
	startNodeAs(t, n)
	friend := &transport.TLS{Network: memory}
	c := &peer.Client{Network: friend, Relay: "away:4000", Trust: peer.Trust{Invite: two, Known: known}}
	eventually(t, "the node publishes", func() bool {
		var got strings.Builder
		err := c.Fetch(t.Context(), peer.Request{Name: "a"}, &got).Err()
		return err == nil && got.String() == "1"
	})
	all, err := known.All()
	if err != nil || len(all) != 2 || all[0].How != state.Invited || all[1].Address != "relay:4000" {
		t.Errorf("%v, %v", all, err)
	}
	if err := list(t, &peer.Client{Network: friend, Relay: "relay:4000", Trust: peer.Trust{Known: known}}); err != nil {
		t.Errorf("without its invite: %v", err)
	}
	for why, trust := range map[string]peer.Trust{"used up": {Invite: two}, "this relay is closed": {}, "none of this relay's": {Invite: forged(two)}} {
		err := list(t, &peer.Client{Network: &transport.TLS{Network: memory}, Relay: "relay:4000", Trust: trust})
		if !errors.Is(err, peer.ErrNoRelay) || !errors.Is(err, protocol.Denied) || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", why, err)
		}
	}
}

// startNodeAs runs a node with the network that it has until the test ends, once it is listed.
func startNodeAs(t *testing.T, n *peer.Node) {
	t.Helper()
	background(t, n.Run)
	ready(t, n)
}

// forged returns an invite by the token of another, with a secret that is made up.
func forged(of *protocol.Invite) *protocol.Invite {
	invite := *of
	invite.Secret[0]++
	return &invite
}

func TestAClosedRelayNeedsAListenerThatProvesIDs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "friends")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	admission, err := state.OpenAdmission(path)
	if err != nil {
		t.Fatal(err)
	}
	defer admission.Close()
	listener, err := transport.NewMemory().Listen(t.Context(), "relay:4000")
	if err != nil {
		t.Fatal(err)
	}
	if err := (&peer.Relay{Admission: admission}).Serve(t.Context(), listener); !errors.Is(err, peer.ErrPlainAdmission) {
		t.Error(err)
	}
}
