package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// nat is what stands between a machine and everybody else.
type nat int

// The kinds. A router of each but openNAT masquerades: what its machines send leaves from its own address. Linux
// finds answers by the addresses and ports of both ends, which for TCP is as strict as NATs get; what differs is
// what a newcomer may do, and which port others see.
const (
	// openNAT: there is none. The machine has a public address.
	openNAT nat = iota
	// coneNAT: a full cone. Masquerade keeps ports, and a rule of DNAT passes whatever comes to the port forwarded
	// on to the router's first machine. Without such a rule nftables have no full cone.
	coneNAT
	// restrictedNAT: masquerade keeps ports. Only answers of those that were asked come in: the router drops all
	// else, so that whoever dials it waits in vain.
	restrictedNAT
	// symmetricNAT: masquerade draws a port for each connection (random,fully-random). Otherwise it is as
	// restrictedNAT.
	symmetricNAT
	// carrierNAT: two routers, each as restrictedNAT, one behind the other. Between them are the addresses that
	// carriers have for this, 100.64.0.0/10.
	carrierNAT
)

var nats = [...]string{"open", "cone", "restricted", "symmetric", "carrier"}

func (n nat) String() string { return nats[n] }

// direct reports whether machines behind it can be dialed.
func (n nat) direct() bool { return n == openNAT || n == coneNAT }

// forwarded is the port that a full cone passes on.
const forwarded = "4001"

// answers is the rule that lets those answer that were asked.
const answers = "ct state established,related accept"

// ruleset is that of a router, whose machines are at the bridge br0.
func (n nat) ruleset(first string) string {
	how, incoming := "masquerade", ""
	switch n {
	case symmetricNAT:
		how = "masquerade random,fully-random"
	case coneNAT:
		incoming = fmt.Sprintf("iifname e0 tcp dport %s dnat to %s;", forwarded, first)
	}
	return fmt.Sprintf(`
table ip nat {
	chain outgoing { type nat hook postrouting priority 100; oifname e0 %s; }
	chain incoming { type nat hook prerouting priority -100; %s }
}
table ip filter {
	chain in { type filter hook input priority 0; policy drop; iifname != e0 accept; %[3]s; }
	chain through {
		type filter hook forward priority 0; policy drop; ct state invalid drop
		iifname != e0 accept; %[3]s; ct status dnat accept
	}
}`, how, incoming, answers)
}

// internet is a network of public addresses, with a relay's machine in its middle and NATs around.
type internet struct {
	*hosts
	last int // public address that has been given away
}

const (
	publicRelay = "203.0.114.1"
	publicNet   = "203.0.114.%d"
)

func newInternet(t *testing.T) *internet {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("NOT TESTED: there is no nft command, of nftables")
	}
	i := &internet{hosts: newHosts(t, []string{publicRelay + "/24"}), last: 10}
	if out, err := i.in(relayHost, "nft", symmetricNAT.ruleset("")).CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: there is no NAT here: %s", out)
	}
	i.on(relayHost, "nft", "flush", "ruleset")
	return i
}

// public adds a machine with a public address, and returns that.
func (i *internet) public(name string) string {
	i.t.Helper()
	i.last++
	address := fmt.Sprintf(publicNet, i.last)
	i.add(name, 0, address+"/24")
	return address
}

// machine adds a machine behind a NAT of its own, and returns the address that others see.
func (i *internet) machine(name string, kind nat) string {
	i.t.Helper()
	if kind == openNAT {
		return i.public(name)
	}
	address := i.router(name+"-nat", kind)
	i.behind(name, name+"-nat", 2)
	return address
}

// router adds a router with a NAT, behind which no machine is yet, and returns its public address.
func (i *internet) router(name string, kind nat) string {
	i.t.Helper()
	if kind != carrierNAT {
		address := i.public(name)
		i.route(name, kind, "192.168.1.1/24")
		return address
	}
	address := i.public(name + "-far")
	i.route(name+"-far", restrictedNAT, "100.64.0.1/10")
	i.addAt(name, name+"-far", "br0", "100.64.0.2/10")
	i.on(name, "ip", "route", "add", "default", "via", "100.64.0.1")
	i.route(name, restrictedNAT, "192.168.1.1/24")
	return address
}

// route makes a machine a router with a bridge, which has an address.
func (i *internet) route(name string, kind nat, inside string) {
	i.t.Helper()
	i.bridge(name, "br0", inside)
	i.on(name, "sysctl", "-qw", "net.ipv4.ip_forward=1")
	i.on(name, "nft", kind.ruleset("192.168.1.2"))
}

// behind adds a machine behind a router.
func (i *internet) behind(name, router string, number int) {
	i.t.Helper()
	i.addAt(name, router, "br0", fmt.Sprintf("192.168.1.%d/24", number))
	i.on(name, "ip", "route", "add", "default", "via", "192.168.1.1")
}

// drops has a machine drop what comes from an address, from now on and without a word.
func (h *hosts) drops(name, from string) {
	h.t.Helper()
	h.on(name, "nft", "table ip hole { chain in { type filter hook prerouting priority -400; ip saddr "+from+" drop; }\n}")
}

// fetched is what a client says of a fetch with -v.
type fetched struct {
	result
	way string // direct, relayed, both or none
}

// waysOf tells by a client's lines which way it took.
func waysOf(r result) fetched {
	var ways []string
	for line := range strings.Lines(r.err) {
		node, rest, _ := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(rest, "(through the relay) ok"):
			ways = append(ways, "relayed")
		case strings.HasPrefix(rest, "ok") && strings.Contains(node, ":"):
			ways = append(ways, "direct")
		}
	}
	return fetched{r, distinct(ways)}
}

func distinct(words []string) string {
	switch joined := strings.Join(words, " "); {
	case len(words) == 0:
		return "none"
	case !strings.Contains(joined, "direct"):
		return "relayed"
	case !strings.Contains(joined, "relayed"):
		return "direct"
	}
	return "both"
}

// together runs functions at once, and ends the test if one of them has failed: they may call Fatal, which ends
// them alone.
func together(t *testing.T, all ...func()) {
	t.Helper()
	done := make(chan struct{})
	for _, one := range all {
		go func() {
			defer func() { done <- struct{}{} }()
			one()
		}()
	}
	for range all {
		<-done
	}
	if t.Failed() {
		t.FailNow()
	}
}
