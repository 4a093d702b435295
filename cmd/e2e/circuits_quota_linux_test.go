package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// quotas is a network in which a node and two clients are behind NATs, the clients behind one.
func quotas(t *testing.T, flags ...string) (i *internet, relay placed) {
	t.Helper()
	i = newInternet(t)
	i.machine("n", restrictedNAT)
	i.router("nat", symmetricNAT)
	i.behind("c", "nat", 2)
	i.behind("d", "nat", 3)
	return i, i.outside(flags...)
}

// explains demands what a client says.
func explains(t *testing.T, got result, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(got.err, text) {
			t.Errorf("the client does not say %q:\n%s", text, got.err)
		}
	}
}

// fails demands that a client ends as one that could not ask every node, and that it says why.
func fails(t *testing.T, got result, why ...string) {
	t.Helper()
	if got.code != 1 {
		t.Errorf("the client ends with %d:\n%s", got.code, got.err)
	}
	explains(t, got, why...)
}

// TestARelayWithoutCircuits: the node and the client say why nobody comes.
func TestARelayWithoutCircuits(t *testing.T) {
	t.Parallel()
	i, relay := quotas(t, "--circuits", "0")
	node := i.node("n", relay, "nowhere", map[string]string{"a": "alpha"})
	node.logs("not reachable from outside (timeout at 203.0.114.11:")
	fails(t, i.asks("c", relay, "-v", "a"), "the relay knows 1 node that cannot be reached from here")
}

// TestWhoWantsNoCircuits: a node that is not reached through the relay, and a client that does not go there.
func TestWhoWantsNoCircuits(t *testing.T) {
	t.Parallel()
	i, relay := quotas(t)
	i.machine("m", carrierNAT)
	var without *process
	together(t,
		func() { i.node("n", relay, "await", map[string]string{"a": "alpha"}) },
		func() { without = i.node("m", relay, "nowhere", map[string]string{"b": "beta"}, "--no-circuits") })
	without.logs("not reachable from outside (timeout at 203.0.114.")
	fails(t, i.asks("c", relay, "-v", "b"), "the relay knows 1 node that cannot be reached from here")
	fails(t, i.asks("c", relay, "-v", "--no-circuits", "a"), "1 node can be reached through the relay alone, which --no-circuits rules out")
	i.takes("c", relay, "a", "alpha", "relayed")
}

// TestAnAddressHasSoManyCircuitsAtOnce: of two clients behind one NAT the second waits for its turn.
func TestAnAddressHasSoManyCircuitsAtOnce(t *testing.T) {
	t.Parallel()
	i, relay := quotas(t, "--circuits-from", "1", "--circuit-rate", "1M")
	content := noise(1, 3<<20)
	i.node("n", relay, "await", map[string]string{"a": content, "b": "beta"})
	first := i.slow("c", relay, "a")
	first.arrives(1 << 20)
	second := i.takes("d", relay, "b", "beta", "relayed")
	explains(t, second.result, "quota", "203.0.114.12")
	first.succeeds(content, 20*time.Second)
}

// TestACircuitIsAsSlowAsItMayBe: its rate is kept, within a third.
func TestACircuitIsAsSlowAsItMayBe(t *testing.T) {
	t.Parallel()
	const size, rate = 4 << 20, 1 << 20
	i, relay := quotas(t, "--circuit-rate", "1M")
	i.node("n", relay, "await", map[string]string{"a": noise(1, size)})
	began := time.Now()
	got := i.takes("c", relay, "a", noise(1, size), "relayed")
	took, expected := time.Since(began), size*time.Second/rate
	if took < expected*7/10 || took > expected*13/10+time.Second/2 {
		t.Errorf("%d bytes at %d/s took %v", size, rate, took)
	}
	explains(t, got.result, "1 MiB/s")
}

// TestNoWayDoesNotMeanNoFile: where the only node cannot be reached, since its client's ways are used up, or there are none,
// or it has died, the client ends as one that could not ask every node, whatever it was asked for, and does not ask on.
// That no node has a file is certain where the node has published all its names.
func TestNoWayDoesNotMeanNoFile(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"no bytes":      {"--circuit-bytes", "0"},
		"one byte":      {"--circuit-bytes", "1"},
		"a few bytes":   {"--circuit-bytes", "2000"},
		"none for each": {"--circuits-from", "0"},
		"no circuits":   {"--circuits", "0"},
		"no node":       nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, relay := quotas(t, flags...)
			reach := "await"
			if name == "no circuits" {
				reach = "nowhere"
			}
			node := i.node("n", relay, reach, map[string]string{"a": noise(1, 1<<20), "d/b": "beta", "d/c": "gamma"})
			if name == "no node" {
				node.kill()
			}
			const wait = time.Minute
			for _, asked := range [][]string{{"a"}, {"d/"}, {"*"}, {"a", "d/b"}, {"d/c", "--wait=" + wait.String()}} {
				began := time.Now()
				if got := i.asks("c", relay, append(asked, "-o", t.TempDir())...); got.code != 1 || !strings.Contains(got.err, "not every node could be asked") {
					t.Errorf("asked for %q the client ends with %d:\n%s", asked, got.code, got.err)
				}
				if took := time.Since(began); took >= wait {
					t.Errorf("asked for %q the client takes %v", asked, took)
				}
			}
			if got := i.asks("c", relay, "-o", t.TempDir(), "z"); got.code != 3 {
				t.Errorf("asked for what the node does not have the client ends with %d:\n%s", got.code, got.err)
			}
		})
	}
}

// refill is how a client says when a day's bytes come again.
var refill = regexp.MustCompile(`\b(23|24) ?h`)

// TestTheBytesOfADayAreUsedUp: the client ends with a whole group, and says how many bytes may pass, and when more may. What it has got stays, and
// what is left is another's of the same address, as far as that goes.
func TestTheBytesOfADayAreUsedUp(t *testing.T) {
	t.Parallel()
	i, relay := quotas(t, "--circuit-bytes", "3M")
	i.node("n", relay, "await", map[string]string{"a": noise(1, 5<<20), "b": "beta", "c": noise(2, 1<<20)})
	client := i.slow("c", relay, "a")
	client.wait()
	for _, got := range []result{
		{err: client.errors.String(), code: client.cmd.ProcessState.ExitCode()},
		i.asks("d", relay, "-v", "c"),
	} {
		if got.code == 0 || got.code == 3 {
			t.Errorf("the client ends with %d", got.code)
		}
		explains(t, got, "quota", "bytes pass")
		if !refill.MatchString(got.err) {
			t.Errorf("the client does not say when there are bytes again:\n%s", got.err)
		}
		if strings.Contains(got.err, "the relay ended the one before") {
			t.Errorf("the relay has cut a circuit:\n%s", got.err)
		}
	}
	explains(t, result{err: client.errors.String()}, "2 MiB of 5 MiB stay here, verified")
	i.takes("d", relay, "b", "beta", "relayed")
}
