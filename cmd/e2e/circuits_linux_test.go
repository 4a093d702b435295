package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// placed is a relay and the address at which machines dial it.
type placed struct {
	*process
	at string
}

// relayPort is the port of relays that have a machine of their own. They find by it what they have kept.
const relayPort = "7000"

// lasting starts a relay whose leases last for as long as usual, as an AWAIT does, on a machine with an address.
func (h *hosts) lasting(name, at string, args ...string) placed {
	h.t.Helper()
	return placed{h.start(name, "relay-server", append(args, relayPort)...), at}
}

// outside starts a relay in the middle of the internet.
func (i *internet) outside(args ...string) placed {
	i.t.Helper()
	return i.lasting(relayHost, publicRelay, args...)
}

// node starts a node on a machine that shares files, and returns when it is ready. It is to be reached so.
func (h *hosts) node(name string, relay placed, reach string, files map[string]string, args ...string) *process {
	h.t.Helper()
	args = append(append(args, "--share", folder(h.t, files)), relay.at, relay.port)
	node := h.start(name, "peer-node", args...)
	if node.reach != reach {
		h.t.Errorf("%s is ready at %s, %s instead of %s\n%s", name, node.ready, node.reach, reach, node.errors)
	}
	return node
}

// asks runs a client on a machine to its end.
func (h *hosts) asks(name string, relay placed, args ...string) result {
	h.t.Helper()
	return h.fetch(name, relay.at, relay.process, args...)
}

// takes fetches a file on a machine, and demands that it is right and came that way.
func (h *hosts) takes(name string, relay placed, file, content, way string, args ...string) fetched {
	h.t.Helper()
	to := filepath.Join(h.t.TempDir(), "it")
	got := waysOf(h.asks(name, relay, append(args, "-v", "-o", to, file)...))
	if got.code != 0 || got.way != way {
		h.t.Errorf("%s ends with %d and takes %s by the way %q instead of %q:\n%s", name, got.code, file, got.way, way, got.err)
	} else {
		same(h.t, to, content)
	}
	return got
}

// TestEachPairOfNATsMeets: a node that nobody can dial is reached through the relay, by whichever client, and one
// that can be dialed is dialed.
func TestEachPairOfNATsMeets(t *testing.T) {
	t.Parallel()
	i := newInternet(t)
	relay := i.outside()
	var nodes, clients []func()
	for kind := range nat(len(nats)) {
		node, client := fmt.Sprintf("n%d", kind), fmt.Sprintf("c%d", kind)
		address := i.machine(node, kind)
		i.machine(client, kind)
		nodes = append(nodes, func() {
			word := map[bool]string{true: "direct", false: "await"}[kind.direct()]
			n := i.node(node, relay, word, map[string]string{kind.String(): noise(uint64(kind), 100<<10)}, "--listen", ":"+forwarded)
			if n.ready != address+":"+forwarded {
				t.Errorf("a node behind %s is ready at %s instead of at %s\n%s", kind, n.ready, address, n.errors)
			}
		})
		clients = append(clients, func() {
			for of := range nat(len(nats)) {
				way := map[bool]string{true: "direct", false: "relayed"}[of.direct()]
				i.takes(client, relay, of.String(), noise(uint64(of), 100<<10), way)
			}
		})
	}
	together(t, nodes...)
	together(t, clients...)
	if got := i.asks("c0", relay, "--who", "restricted"); got.code != 0 || !strings.Contains(got.out, "(through the relay)") {
		t.Errorf("asked who has it a client ends with %d: %q, %s", got.code, got.out, got.err)
	}
	if got := i.asks("c0", relay, "--list"); got.code != 0 || strings.Count(got.out, "\t1\t1\n") != len(nats) {
		t.Errorf("asked what there is a client ends with %d: %q, %s", got.code, got.out, got.err)
	}
}

// TestANodeThatEverybodyDialsKeepsNoLink: the relay has found it at a public address, so that nobody comes through it.
func TestANodeThatEverybodyDialsKeepsNoLink(t *testing.T) {
	t.Parallel()
	i := newInternet(t)
	relay := i.outside()
	i.public("n")
	i.machine("c", symmetricNAT)
	node := i.node("n", relay, "direct", map[string]string{"a": "alpha"}, "--log-level", "debug")
	node.logs("heard PUBLISHED")
	i.takes("c", relay, "a", "alpha", "direct")
	if log := node.errors.String(); strings.Contains(log, "sent AWAIT") {
		t.Errorf("it waits for clients at the relay:\n%s", log)
	}
}

// TestWhoIsBehindTheSameNATMeets: a relay outside knows the router's address alone, so that all go through it; at one
// inside they dial each other.
func TestWhoIsBehindTheSameNATMeets(t *testing.T) {
	t.Parallel()
	i := newInternet(t)
	outside := i.outside()
	i.router("nat", restrictedNAT)
	names := []string{"n", "m", "relay", "c"}
	for number, name := range names {
		i.behind(name, "nat", 2+number)
	}
	inside := i.lasting("relay", "192.168.1.4")
	content := func(name string) string { return noise(uint64(name[0]), 1<<20) }
	var nodes []func()
	for _, name := range names[:2] {
		files := map[string]string{name: content(name), "both": content("b")}
		nodes = append(nodes, func() { i.node(name, outside, "await", files) }, func() { i.node(name, inside, "direct", files) })
	}
	together(t, nodes...)
	for _, name := range []string{"n", "m", "both"} {
		i.takes("c", outside, name, content(name), "relayed")
		i.takes("c", inside, name, content(name), "direct")
	}
}

// TestABlackHoledNodeIsReachedThroughTheRelay: whoever dials it hears nothing.
func TestABlackHoledNodeIsReachedThroughTheRelay(t *testing.T) {
	t.Parallel()
	i := newInternet(t)
	relay := i.outside()
	i.public("n")
	i.public("c")
	i.on("n", "nft", "table ip f { chain in { type filter hook input priority 0; policy drop; "+answers+"; }\n}")
	node := i.node("n", relay, "await", map[string]string{"a": noise(1, 1<<20)})
	node.logs("not reachable from outside (timeout at 203.0.114.")
	i.takes("c", relay, "a", noise(1, 1<<20), "relayed")
	if got := i.asks("c", relay, "--no-circuits", "a"); got.code != 1 || !strings.Contains(got.err, "through the relay alone, which --no-circuits rules out") {
		t.Errorf("without circuits a client ends with %d: %s", got.code, got.err)
	}
}

// TestAPathThatIsBlackForOneClientIsGoneAround: the relay can dial the node, and so could everybody at that site; one
// client cannot, from the start or in the middle of a fetch.
func TestAPathThatIsBlackForOneClientIsGoneAround(t *testing.T) {
	t.Parallel()
	newInternet(t) // or it is left out
	for name, from := range map[string]int64{"from the start": 0, "in the middle": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHosts(t, []string{"10.9.0.1/24"})
			h.add("n", 0, "10.9.0.2/24")
			h.add("c", 0, "10.9.0.3/24")
			relay := h.lasting(relayHost, "10.9.0.1")
			content := noise(1, 8<<20)
			h.node("n", relay, "direct", map[string]string{"a": content}, "--upload-rate", "2M")
			if from == 0 {
				h.drops("n", "10.9.0.3")
			}
			began, client := time.Now(), h.slow("c", relay, "a")
			if from > 0 {
				client.arrives(from)
				h.drops("n", "10.9.0.3")
			}
			client.succeeds(content, 40*time.Second)
			if got := waysOf(result{err: client.errors.String()}); got.way == "direct" {
				t.Errorf("the way is %q:\n%s", got.way, client.errors)
			}
			t.Logf("%v", time.Since(began))
		})
	}
}

// slowly is a client that fetches a file while something happens.
type slowly struct {
	*process
	to string
}

// slow begins to fetch a file on a machine.
func (h *hosts) slow(name string, relay placed, file string, args ...string) *slowly {
	h.t.Helper()
	to := filepath.Join(h.t.TempDir(), "it")
	return &slowly{beginCommand(h.t, h.command(name, "peer-client", append(args, "-v", "-o", to, relay.at, relay.port, file)...)), to}
}

// arrives waits until so many bytes are there.
func (s *slowly) arrives(bytes int64) {
	s.t.Helper()
	eventually(s.t, 20*time.Second, "the fetch is in the middle", func() bool {
		parts, _ := filepath.Glob(filepath.Join(filepath.Dir(s.to), "*"))
		var most int64
		for _, part := range parts {
			if info, err := os.Stat(part); err == nil {
				most = max(most, onDisk(info))
			}
		}
		return most >= bytes
	})
}

// onDisk returns how many bytes of a file have been written: it may have its length from the start.
func onDisk(info os.FileInfo) int64 { return info.Sys().(*syscall.Stat_t).Blocks * 512 }

// succeeds waits until the file is there, whole.
func (s *slowly) succeeds(content string, within time.Duration) {
	s.t.Helper()
	select {
	case err := <-s.ended:
		s.ended <- err
	case <-time.After(within):
		s.t.Errorf("after %v the client is not done\n%s", within, s.errors)
		s.kill()
		return
	}
	if err := s.wait(); err != nil {
		s.t.Errorf("the client ends with %v\n%s", err, s.errors)
		return
	}
	same(s.t, s.to, content)
}
