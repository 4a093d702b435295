package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// hosts are network namespaces that stand for machines: the one with the relay has bridges, to which the
// others are joined by pairs of virtual interfaces.
type hosts struct {
	t      *testing.T
	prefix string
	states string // the folder with a folder for each machine's keys and known relays
}

// relayHost is the machine with the bridges.
const relayHost = "r"

// newHosts returns a machine with bridges, each with the addresses that are given for it.
func newHosts(t *testing.T, bridges ...[]string) *hosts {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("NOT TESTED: there is no ip command")
	}
	h := &hosts{t: t, prefix: fmt.Sprintf("rp%d-%d-", os.Getpid(), networks.Add(1)), states: t.TempDir()}
	if out, err := exec.CommandContext(t.Context(), "ip", "netns", "add", h.prefix+relayHost).CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: no network namespace can be made here: %s", out)
	}
	h.cleaned(relayHost)
	h.on(relayHost, "ip", "link", "set", "lo", "up")
	for n, addresses := range bridges {
		h.bridge(relayHost, fmt.Sprintf("br%d", n), addresses...)
	}
	return h
}

// networks counts the networks of all tests.
var networks atomic.Int64

func (h *hosts) cleaned(name string) {
	h.t.Cleanup(func() { exec.Command("ip", "netns", "del", h.prefix+name).Run() })
}

// bridge adds a bridge to a machine. It has an address of the link of its own, or it takes that of a port.
func (h *hosts) bridge(name, bridge string, addresses ...string) {
	h.t.Helper()
	h.on(name, "ip", "link", "add", bridge, "address", fmt.Sprintf("02:00:00:00:00:%02x", bridge[len(bridge)-1]), "type", "bridge")
	h.address(name, bridge, addresses...)
}

// address gives an interface addresses, and starts it.
func (h *hosts) address(name, device string, addresses ...string) {
	h.t.Helper()
	h.on(name, "ip", "link", "set", device, "up")
	for _, address := range addresses {
		args := []string{"ip", "addr", "add", address, "dev", device}
		if strings.Contains(address, ":") {
			args = append(args, "nodad")
		}
		h.on(name, args...)
	}
}

// add adds a machine with addresses at a bridge of the relay's machine.
func (h *hosts) add(name string, bridge int, addresses ...string) {
	h.t.Helper()
	h.addAt(name, relayHost, fmt.Sprintf("br%d", bridge), addresses...)
}

// addAt adds a machine with addresses at a bridge of another machine.
func (h *hosts) addAt(name, at, bridge string, addresses ...string) {
	h.t.Helper()
	h.run("ip", "netns", "add", h.prefix+name)
	h.cleaned(name)
	h.on(name, "ip", "link", "set", "lo", "up")
	h.connect(name, at, bridge, addresses...)
}

// connect joins a machine to a bridge of another one.
func (h *hosts) connect(name, at, bridge string, addresses ...string) {
	h.t.Helper()
	port := "to-" + name
	h.run("ip", "link", "add", port, "netns", h.prefix+at, "type", "veth", "peer", "name", "e0", "netns", h.prefix+name)
	h.on(at, "ip", "link", "set", port, "master", bridge, "up")
	h.address(name, "e0", addresses...)
}

func (h *hosts) run(args ...string) {
	h.t.Helper()
	if out, err := exec.CommandContext(h.t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
		h.t.Fatalf("%q: %v: %s", args, err, out)
	}
}

// in returns a command that runs on a machine.
func (h *hosts) in(name string, args ...string) *exec.Cmd {
	return exec.CommandContext(h.t.Context(), "ip", append([]string{"netns", "exec", h.prefix + name}, args...)...)
}

// on runs a command on a machine.
func (h *hosts) on(name string, args ...string) {
	h.t.Helper()
	if out, err := h.in(name, args...).CombinedOutput(); err != nil {
		h.t.Fatalf("on %s %q: %v: %s", name, args, err, out)
	}
}

// command returns a command that runs one of the programs on a machine, with a state of its own.
func (h *hosts) command(name, program string, args ...string) *exec.Cmd {
	cmd := h.in(name, append([]string{filepath.Join(programs, program)}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+h.t.TempDir(), "XDG_STATE_HOME="+filepath.Join(h.states, name))
	return cmd
}

func (h *hosts) start(name, program string, args ...string) *process {
	h.t.Helper()
	return startCommand(h.t, h.command(name, program, args...))
}

// relay starts a relay on the machine with the bridges.
func (h *hosts) relay(args ...string) *process {
	h.t.Helper()
	return h.start(relayHost, "relay-server", append(append([]string{"--ttl", "3s"}, args...), "0")...)
}

// fetch has a client on a machine fetch a file, or do what its flags say.
func (h *hosts) fetch(name, relay string, r *process, args ...string) result {
	h.t.Helper()
	return h.end(h.command(name, "peer-client", append([]string{relay, r.port}, args...)...))
}

// end runs a command to its end.
func (h *hosts) end(cmd *exec.Cmd) result {
	h.t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// gets waits until a client on a machine gets the file.
func (h *hosts) gets(name, relay string, r *process) {
	h.t.Helper()
	var last result
	for over := time.Now().Add(30 * time.Second); time.Now().Before(over); time.Sleep(pause) {
		if last = h.fetch(name, relay, r, "a"); last.code == 0 && last.out == "alpha" {
			return
		}
	}
	h.t.Errorf("%s does not get the file: %d, %s", name, last.code, last.err)
}

// TestANodeBehindAFirewallSaysSo: at once, with the address and the reason; clients are not sent there, and say
// that somebody could not be asked. When the firewall is down it is found. The relay makes no circuits.
func TestANodeBehindAFirewallSaysSo(t *testing.T) {
	h := newHosts(t, []string{"10.9.0.1/24"})
	h.add("n", 0, "10.9.0.2/24")
	h.add("c", 0, "10.9.0.3/24")
	relay := h.relay("--circuits", "0")
	h.on("n", "ip", "rule", "add", "pref", "1", "ipproto", "tcp", "sport", "4001", "blackhole")
	node := h.start("n", "peer-node", "--listen", ":4001", "--share", folder(t, map[string]string{"a": "alpha"}), "10.9.0.1", relay.port)
	if node.ready != "10.9.0.2:4001" || node.reach != "nowhere" {
		t.Errorf("the node is ready at %q, %q", node.ready, node.reach)
	}
	node.logs("not reachable from outside (timeout at 10.9.0.2:4001)")
	node.logs("--advertise")
	started := time.Now()
	if got := h.fetch("c", "10.9.0.1", relay, "a"); got.code != 1 || !strings.Contains(got.err, "cannot be reached from here") || time.Since(started) > 4*time.Second {
		t.Errorf("a client ends with %d after %v: %s", got.code, time.Since(started), got.err)
	}
	if got := h.fetch("c", "10.9.0.1", relay, "--who", "a"); got.code != 1 || got.out != "" || !strings.Contains(got.err, "the relay knows 1 node that cannot be reached from here") {
		t.Errorf("asked who has it a client ends with %d: %q, %s", got.code, got.out, got.err)
	}
	h.on("n", "ip", "rule", "del", "pref", "1")
	h.gets("c", "10.9.0.1", relay)
}

// TestBridgesThatDoNotMeet: a node at one bridge of the relay's machine is dialed by clients there, and others
// are not sent to an address that means another machine to them: they come through the relay.
func TestBridgesThatDoNotMeet(t *testing.T) {
	h := newHosts(t, []string{"172.17.0.1/16"}, []string{"172.18.0.1/16"})
	h.add("n", 0, "172.17.0.2/16")
	h.add("c", 0, "172.17.0.3/16")
	h.add("d", 1, "172.18.0.2/16")
	relay := h.relay()
	node := h.start("n", "peer-node", "--share", folder(t, map[string]string{"a": "alpha"}), "172.17.0.1", relay.port)
	if node.reach != "direct" {
		t.Errorf("the node is %q\n%s", node.reach, node.errors)
	}
	h.gets("c", "172.17.0.1", relay)
	h.gets(relayHost, "172.18.0.1", relay)
	h.gets("d", "172.18.0.1", relay)
	started := time.Now()
	if got := h.fetch("d", "172.18.0.1", relay, "--no-circuits", "a"); got.code != 1 || !strings.Contains(got.err, "can be reached through the relay alone, which --no-circuits rules out") || time.Since(started) > 4*time.Second {
		t.Errorf("a client at the other bridge ends with %d after %v: %s", got.code, time.Since(started), got.err)
	}
}

// TestANodeIsReachedOverEachFamily: it is listed and proven at both, and a client that has one of them alone
// reaches it.
func TestANodeIsReachedOverEachFamily(t *testing.T) {
	h := newHosts(t, []string{"10.9.0.1/24", "fd09::1/64"})
	h.add("n", 0, "10.9.0.2/24", "fd09::2/64")
	h.add("c", 0, "10.9.0.3/24")
	h.add("d", 0, "fd09::4/64")
	relay := h.relay()
	names := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(names, []byte("127.0.0.1 localhost\n10.9.0.1 relay.test\nfd09::1 relay.test\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	inside := fmt.Sprintf("mount --bind %s /etc/hosts && exec \"$0\" \"$@\"", names)
	cmd := h.command("n", "peer-node", "--share", folder(t, map[string]string{"a": "alpha"}), "relay.test", relay.port)
	cmd.Args = append(cmd.Args[:4:4], append([]string{"unshare", "-m", "sh", "-c", inside}, cmd.Args[4:]...)...)
	node := startCommand(t, cmd)
	h.gets("c", "10.9.0.1", relay)
	h.gets("d", "fd09::1", relay)
	if log := node.errors.String(); strings.Contains(log, "not reachable") {
		t.Errorf("the node's log: %s", log)
	}
}

// TestANodeThatChangesItsNetworkIsFound: at the address that it has then, which is proven anew.
func TestANodeThatChangesItsNetworkIsFound(t *testing.T) {
	h := newHosts(t, []string{"10.9.0.1/24"}, []string{"10.8.0.1/24"})
	h.add("n", 0, "10.9.0.2/24")
	h.add("c", 0, "10.9.0.3/24")
	h.on("c", "ip", "route", "add", "10.8.0.0/24", "via", "10.9.0.1")
	h.on(relayHost, "sysctl", "-qw", "net.ipv4.ip_forward=1")
	relay := h.relay()
	node := h.start("n", "peer-node", "--share", folder(t, map[string]string{"a": "alpha"}), "10.9.0.1", relay.port)
	h.gets("c", "10.9.0.1", relay)
	h.on(relayHost, "ip", "link", "set", "to-n", "master", "br1")
	h.on("n", "ip", "addr", "flush", "dev", "e0")
	h.on("n", "ip", "addr", "add", "10.8.0.2/24", "dev", "e0")
	h.on("n", "ip", "route", "add", "default", "via", "10.8.0.1")
	h.gets("c", "10.9.0.1", relay)
	node.logs("10.8.0.2:")
	if strings.Contains(node.errors.String(), "not reachable") {
		t.Errorf("the node's log: %s", node.errors)
	}
}

// TestARelayBehindAProxy: all come from the proxy's address, at which no node listens. The node says so, and clients
// come through proxy and relay; with --no-probe the relay hands out what nodes advertise.
func TestARelayBehindAProxy(t *testing.T) {
	h := newHosts(t, []string{"10.9.0.1/24"})
	h.add("p", 0, "10.9.0.9/24")
	h.add("n", 0, "10.9.0.2/24")
	h.add("c", 0, "10.9.0.3/24")
	proxied := func(relay *process) {
		cmd := h.in("p", os.Args[0])
		cmd.Env = append(os.Environ(), proxyFrom+"=10.9.0.9:"+relay.port, proxyTo+"=10.9.0.1:"+relay.port)
		startCommand(t, cmd)
	}
	relay := h.relay()
	proxied(relay)
	share := folder(t, map[string]string{"a": "alpha"})
	node := h.start("n", "peer-node", "--share", share, "10.9.0.9", relay.port)
	if node.reach != "await" {
		t.Errorf("the node is %q\n%s", node.reach, node.errors)
	}
	node.logs("not reachable from outside (refused at 10.9.0.9:")
	h.gets("c", "10.9.0.9", relay)
	unproven := h.relay("--no-probe", "--allow-advertise")
	proxied(unproven)
	node = h.start("n", "peer-node", "--advertise", "10.9.0.2", "--share", share, "10.9.0.9", unproven.port)
	if node.reach != "unproven" {
		t.Errorf("with --no-probe the node is %q\n%s", node.reach, node.errors)
	}
	h.gets("c", "10.9.0.9", unproven)
}

// TestAClonedKeyOnAnotherMachineEndsTheOlderNode: with an exit code of its own, and the newer one is proven
// where it is.
func TestAClonedKeyOnAnotherMachineEndsTheOlderNode(t *testing.T) {
	h := newHosts(t, []string{"10.9.0.1/24"})
	h.add("n", 0, "10.9.0.2/24")
	h.add("m", 0, "10.9.0.4/24")
	h.add("c", 0, "10.9.0.3/24")
	relay := h.relay()
	share, state := folder(t, map[string]string{"a": "alpha"}), t.TempDir()
	older := h.start("n", "peer-node", "--state", state, "--share", share, "10.9.0.1", relay.port)
	clone := t.TempDir()
	h.run("cp", "-a", state+"/.", clone)
	newer := h.start("m", "peer-node", "--state", clone, "--share", share, "10.9.0.1", relay.port)
	if !strings.HasPrefix(newer.ready, "10.9.0.4:") || newer.reach != "direct" {
		t.Errorf("the newer one is ready at %q, %q", newer.ready, newer.reach)
	}
	var exit *exec.ExitError
	if err := older.wait(); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("the older one ends with %v\n%s", err, older.errors)
	}
	h.gets("c", "10.9.0.1", relay)
}
