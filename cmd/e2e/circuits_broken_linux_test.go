package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// middle is a client behind one NAT that slowly fetches a file from a node behind another one, and has some of it.
type middle struct {
	*internet
	relay   placed
	node    *process
	client  *slowly
	content string
	began   time.Time
}

// inTheMiddle begins such a fetch, of so many MiB, each of which takes a second. There is a router to which the node
// can move.
func inTheMiddle(t *testing.T, size int) *middle {
	t.Helper()
	m := &middle{internet: newInternet(t), content: noise(1, size<<20)}
	m.machine("n", restrictedNAT)
	m.machine("c", symmetricNAT)
	m.router("elsewhere", symmetricNAT)
	m.relay = m.outside("--circuit-rate", "1M")
	m.node = m.internet.node("n", m.relay, "await", map[string]string{"a": m.content})
	m.began, m.client = time.Now(), m.slow("c", m.relay, "a")
	m.client.arrives(1 << 20)
	return m
}

// again starts the relay again, at the port and with the key that it had.
func (m *middle) again() {
	m.t.Helper()
	m.start(relayHost, "relay-server", "--circuit-rate", "1M", m.relay.port)
}

// ends demands that the file arrives, by one circuit or by several ones.
func (m *middle) ends(several bool, within time.Duration) {
	m.t.Helper()
	m.client.succeeds(m.content, within)
	if made := strings.Count(m.client.errors.String(), "a way was made"); several != (made > 1) {
		m.t.Errorf("%d circuits were made", made)
	}
	m.t.Logf("done %v after its begin:\n%s", time.Since(m.began).Round(time.Second/10), m.client.errors)
}

// TestANodeThatChangesItsAddressInTheMiddleOfACircuit: as a machine that goes from one network to another does. It
// is behind another NAT then.
func TestANodeThatChangesItsAddressInTheMiddleOfACircuit(t *testing.T) {
	t.Parallel()
	m := inTheMiddle(t, 6)
	m.moves("n", "n-nat", "elsewhere", "192.168.1.7")
	m.ends(true, 60*time.Second)
}

// moves takes a machine away from behind one router, and puts it behind another.
func (i *internet) moves(name, from, to, address string) {
	i.t.Helper()
	i.on(from, "ip", "link", "del", "to-"+name)
	i.connect(name, to, "br0", address+"/24")
	i.on(name, "ip", "route", "add", "default", "via", "192.168.1.1")
}

// TestARelayThatIsKilledInTheMiddleOfACircuit comes back after its client has seen that it is away.
func TestARelayThatIsKilledInTheMiddleOfACircuit(t *testing.T) {
	t.Parallel()
	m := inTheMiddle(t, 6)
	m.relay.kill()
	m.client.logs(" lost ")
	m.again()
	m.ends(true, 60*time.Second)
}

// TestARelayThatStopsInTheMiddleOfACircuit lets it come to its end, if that takes no longer than CircuitDrain.
// Otherwise the fetch goes on when there is a relay again.
func TestARelayThatStopsInTheMiddleOfACircuit(t *testing.T) {
	t.Parallel()
	newInternet(t) // or it is left out
	for name, size := range map[string]int{"shortly before its end": 4, "long before its end": 11} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := inTheMiddle(t, size)
			m.relay.terminate()
			m.again()
			m.ends(size > 8, 60*time.Second)
		})
	}
}

// TestANATThatForgets: one that remembers a silent link for longer than an AWAIT waits does no harm. One that has
// forgotten all links at once, as if it was started anew, and drops what comes over them from then on, takes a node
// away until that finds out: its AWAIT has no answer, and it makes a new link. It takes nearly a minute, and runs
// where that is asked for.
func TestANATThatForgets(t *testing.T) {
	if os.Getenv("RELAYPEER_SOAK") == "" {
		t.Skip("it runs with RELAYPEER_SOAK=1, as in .ci/run")
	}
	t.Parallel()
	const keeps = roles.AwaitMost + 5*time.Second
	i := newInternet(t)
	relay := i.outside()
	i.machine("c", symmetricNAT)
	i.machine("n", restrictedNAT)
	i.machine("m", restrictedNAT)
	established := fmt.Sprintf("net.netfilter.nf_conntrack_tcp_timeout_established=%d", keeps/time.Second)
	i.on("n-nat", "sysctl", "-qw", established, strict)
	i.on("m-nat", "sysctl", "-qw", strict)
	together(t,
		func() { i.node("n", relay, "await", map[string]string{"n": "remembered"}) },
		func() { i.node("m", relay, "await", map[string]string{"m": "forgotten"}) })
	together(t, func() {
		time.Sleep(2*roles.AwaitMost + 5*time.Second) // silent, but for the AWAIT
		began := time.Now()
		i.takes("c", relay, "n", "remembered", "relayed")
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("the fetch takes %v", took)
		}
	}, func() {
		i.forgets("m-nat")
		began := time.Now()
		if got := i.asks("c", relay, "m"); got.code == 0 && time.Since(began) < 3*time.Second {
			t.Error("the router has forgotten nothing")
		}
		most := roles.AwaitMost + roles.ReplyTimeout + roles.AwaitRetry
		eventually(t, most+15*time.Second, "the node is reached again", func() bool {
			return i.asks("c", relay, "m").out == "forgotten"
		})
		t.Logf("reached again after %v", time.Since(began))
	})
}

// strict has a router take no link for known that it sees from its middle.
const strict = "net.netfilter.nf_conntrack_tcp_loose=0"

// forgets has a router forget all links that it masquerades: Linux does so when their interface goes down.
func (i *internet) forgets(router string) {
	i.t.Helper()
	i.on(router, "ip", "link", "set", "e0", "down")
	i.on(router, "ip", "link", "set", "e0", "up")
}
