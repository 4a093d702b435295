package protocol

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestEnterVectors reads testdata/enter.txt, which describes its format.
func TestEnterVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/enter.txt")
	if err != nil {
		t.Fatal(err)
	}
	had := map[bool]int{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		good := fields[0] == "good"
		had[good]++
		var invite Invite
		var m Enter
		var key, initiator PeerID
		var exporter [ExporterSize]byte
		for n, into := range [][]byte{invite.Secret[:], key[:], m.Token[:], exporter[:], initiator[:], invite.Relay[:], m.Signature[:]} {
			if size, err := hex.Decode(into, []byte(fields[n+1])); err != nil || size != len(into) {
				t.Fatalf("%s: field %d: %v", fields[0], n, err)
			}
		}
		invite.Token = m.Token
		made := invite.Enter(exporter, initiator)
		if invite.KeyID() != key || (*made == m) != good || m.SignedBy(key, exporter, initiator, invite.Relay) != good {
			t.Errorf("%s: another key, or another verdict", fields[0])
		}
		if m.SignedBy(PeerID{1}, exporter, initiator, invite.Relay) {
			t.Errorf("%s: a weak key signs", fields[0])
		}
	}
	if had[true] < 2 || had[false] < 6 {
		t.Errorf("it has %v cases", had)
	}
}
