package program_test

import (
	"strings"
	"testing"
)

func TestANodeThatIsTakenForARelayIsSuspected(t *testing.T) {
	t.Parallel()
	_, nodes := network(t, "127.0.0.1", map[string]string{"a": "1"})
	for _, args := range [][]string{{"a"}, {"--list"}, {"--who", "a"}, {"-o", t.TempDir(), "a", "b*"}} {
		r := run(t, "", "peer-client", append([]string{"127.0.0.1", nodes[0].port}, args...)...)
		said := "peer-client: the relay " + nodes[0].ready + " could not be asked: this is no relay; is it a peer node? (the node: unexpected)\n"
		if r.code != 4 || r.err != said {
			t.Errorf("%q: exit %d: %s", args, r.code, r.err)
		}
	}
}

func TestAnAbsentRelayIsToldOnce(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"a", "b", "c"}, {"-o", t.TempDir(), "a", "b", "c*"}} {
		r := run(t, "", "peer-client", append([]string{"127.0.0.1", "1"}, args...)...)
		if r.code != 4 || strings.Count(r.err, "could not be asked") != 1 || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: exit %d: %s", args, r.code, r.err)
		}
	}
}
