package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func offer(name string, hash byte, count uint64) client.Offer {
	return client.Offer{Name: name, Identity: client.Identity{Hash: protocol.Hash{hash}, Size: 10}, Count: count}
}

func TestNamesThatCannotLieSideBySideAreExplained(t *testing.T) {
	for _, c := range []struct{ names, why string }{
		{"a a a/b", `the file "a" is where its folder would have to be`},
		{"a/b/c a", `a folder has to be there, for "a/b/c"`},
	} {
		var offers []client.Offer
		for i, name := range strings.Fields(c.names) {
			offers = append(offers, offer(name, byte(i+1), 1))
		}
		choice := client.Choose(offers)
		if len(choice.Clashes) != 1 || clashText(choice.Clashes[0]) != c.why {
			t.Errorf("of %s: %+v", c.names, choice.Clashes)
		}
	}
}

func TestOtherContentsOfANameAreTold(t *testing.T) {
	choice := client.Choose([]client.Offer{
		offer("a", 1, 1), offer("a", 2, 3), offer("a", 3, 2), offer("b", 9, 1), offer("b", 8, 1), offer("c", 7, 1),
	})
	if len(choice.Variants) != 2 {
		t.Fatalf("%+v", choice.Variants)
	}
	for i, begin := range []string{`3 nodes have other content under the name "a": 03`, `1 node has other content under the name "b": 09`} {
		if line := chosenLine(choice.Variants[i]); !strings.HasPrefix(line, begin) {
			t.Errorf("%q instead of %q", line, begin)
		}
	}
}

// gathered returns what has become of a content.
func gathered(outcome client.Outcome, text string, names ...string) client.Gathered {
	return client.Gathered{Names: names, Result: client.Result{Outcome: outcome, Size: 10, Text: text}}
}

func TestASummaryCountsFilesAndTellsAReasonOnce(t *testing.T) {
	var out bytes.Buffer
	c := &command{client: peer.Client{Relay: "relay:1"}}
	s := newSummary("to", func(line string) { fmt.Fprintf(&out, "peer-client: %s\n", line) })
	here := gathered(client.Fetched, "", "here")
	here.Result.Kept = 10
	part := gathered(client.Interrupted, "told to stop", "part")
	part.Result.Kept = 5
	c.count(s, peer.AllResult{Here: 3, Files: []client.Gathered{
		gathered(client.DiskFailed, "to/y: no space left", "y"), gathered(client.Fetched, "", "a", "b"), here, part,
		gathered(client.DiskFailed, "to/x/2: no space left", "x/1", "x/2"), gathered(client.DiskFailed, "to: no space left", "z"),
		gathered(client.NobodyHad, "", "gone"),
	}})
	s.tell()
	want := "peer-client: no node has \"gone\"\n" +
		"peer-client: \"x/1\", \"x/2\", \"y\" and 1 more: cannot be written to to: no space left\n"
	if out.String() != want {
		t.Errorf("told %q instead of %q", out.String(), want)
	}
	line := s.line()
	if !strings.HasPrefix(line, "2 files fetched, 10 bytes in ") ||
		!strings.HasSuffix(line, "; 4 files here already; 6 files not fetched; of 1 file a part stays: the same command goes on") {
		t.Error(line)
	}
	if code := cli.ExitCode(s.first); code != cli.ExitNobodyHas {
		t.Errorf("the first failure leads to exit code %d", code)
	}
}

func TestOnlySomeReasonsAreTold(t *testing.T) {
	var out bytes.Buffer
	s := newSummary("to", func(line string) { fmt.Fprintf(&out, "peer-client: %s\n", line) })
	for i := range mostReasons + 1234 {
		s.fail(fmt.Sprint(i), fmt.Errorf("reason %d", i))
	}
	s.tell()
	if lines := strings.Split(out.String(), "\n"); len(lines) != mostReasons+2 || lines[mostReasons] != "peer-client: and 1,234 more failures" {
		t.Errorf("told %s", out.String())
	}
}
