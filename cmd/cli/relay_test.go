package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// relayed is a program that needs a relay. It returns what it was given.
func relayed(atEnd bool) (command *cobra.Command, got *string) {
	got = new(string)
	command = New("get [flags] <relay-host> <relay-port> [name ...]", "Get", "get gets.", Arguments(0, -1),
		func(c *cobra.Command, args []string) error {
			relay, rest, err := TakeRelay(c, args, atEnd)
			*got = strings.Join(append([]string{relay.Address}, rest...), " ")
			return err
		})
	RelayFlag(command)
	return command, got
}

func TestARelayIsNamedInEachWay(t *testing.T) {
	for _, x := range []struct{ args, environment, got string }{
		{"h 4000", "", "h:4000"},
		{"h 4000 a b", "", "h:4000 a b"},
		{"completion 4000 a", "", "completion:4000 a"},
		{"help 4000", "", "help:4000"},
		{"version 4000 help", "", "version:4000 help"},
		{"::1 4000 a", "", "[::1]:4000 a"},
		{"[::1] 4000 a", "", "[::1]:4000 a"},
		{"fe80::1%eth0 4000", "", "[fe80::1%eth0]:4000"},
		{"h:4000", "", "h:4000"},
		{"h:4000 a 5", "", "h:4000 a 5"},
		{"[::1]:4000 a", "", "[::1]:4000 a"},
		{"--relay h:4000", "", "h:4000"},
		{"--relay h:4000 completion", "", "h:4000 completion"},
		{"--relay=[::1]:4000 help 4000", "", "[::1]:4000 help 4000"},
		{"i 4000 a --relay h:4000", "", "h:4000 i 4000 a"},
		{"a b:1", "h:4000", "h:4000 a b:1"},
		{"", "[::1]:4000", "[::1]:4000"},
		{"--relay h:4000 a", "i:5000", "h:4000 a"},
	} {
		t.Setenv("RELAYPEER_RELAY", x.environment)
		command, got := relayed(false)
		if code, _, errs := execute(t, command, strings.Fields(x.args)...); code != 0 || *got != x.got {
			t.Errorf("%s with %q: exit %d, %q, %s", x.args, x.environment, code, *got, errs)
		}
	}
}

func TestARelayMayStandBehindPatterns(t *testing.T) {
	for args, want := range map[string]string{
		"a h 4000": "h:4000 a", "a:1 h 4000": "h:4000 a:1", "a b h:4000": "h:4000 a b", "h:4000 a": "h:4000 a",
		"h 4000 a:1": "h:4000 a:1", "h:4000": "h:4000",
	} {
		command, got := relayed(true)
		if code, _, errs := execute(t, command, strings.Fields(args)...); code != 0 || *got != want {
			t.Errorf("%s: exit %d, %q, %s", args, code, *got, errs)
		}
	}
}

func TestARelayThatIsNotClearIsNotGuessed(t *testing.T) {
	use := "get [flags] <relay-host> <relay-port> [name ...], or --relay HOST:PORT"
	for _, x := range []struct {
		args, environment, text string
		atEnd                   bool
	}{
		{"h:4000 4000", "", "which relay is meant is not clear: if it is h:4000, say --relay h:4000, and nothing but names behind it", false},
		{"a h:4000", "", "which relay is meant is not clear: if it is h:4000, say --relay h:4000, and nothing but names behind it", false},
		{"a:1 h:4000", "", "which relay is meant is not clear: if it is a:1, say --relay a:1, and nothing but names behind it", true},
		{"", "", "no relay is named: " + use + ", or RELAYPEER_RELAY", false},
		{"h", "", `"h" is not HOST:PORT, as in relay.example:4000: ` + use, false},
		{"h port", "", `"port" is not a TCP port: 1 to 65535: ` + use, false},
		{"h/x 4000", "", `"h/x" is not a host: ` + use, false},
		{"--relay h a", "", `--relay: "h" is not HOST:PORT, as in relay.example:4000`, false},
		{"--relay ::1:4000 a", "", `--relay: "::1:4000" is not HOST:PORT: an IPv6 address goes into brackets, as in [::1]:4000`, false},
		{"--relay ::1:14001 a", "", `--relay: "::1:14001" is not HOST:PORT: an IPv6 address goes into brackets, as in [::1]:4000`, false},
		{"--relay h:0 a", "", `--relay: "0" is not a TCP port: 1 to 65535`, false},
		{"--relay= a", "", `--relay: "" is not HOST:PORT, as in relay.example:4000`, false},
		{"a", "h:x", `RELAYPEER_RELAY: "x" is not a TCP port: 1 to 65535`, false},
	} {
		t.Setenv("RELAYPEER_RELAY", x.environment)
		command, _ := relayed(x.atEnd)
		if code, _, errs := execute(t, command, strings.Fields(x.args)...); code != ExitUsage || errs != "get: "+x.text+"\n" {
			t.Errorf("%s: exit %d, %s", x.args, code, errs)
		}
	}
}
