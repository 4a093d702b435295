package protocol

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestIDVectors reads testdata/ids.txt, which describes its format.
func TestIDVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/ids.txt")
	if err != nil {
		t.Fatal(err)
	}
	had := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		had[fields[0]]++
		id, err := ParsePeerID(fields[1])
		switch {
		case fields[0] == "bad":
			if err == nil || !id.IsZero() {
				t.Errorf("%q, %s: it is %x, %v", fields[1], fields[2], id[:], err)
			}
		case err != nil || hex.EncodeToString(id[:]) != fields[2] || id.String() != fields[1]:
			t.Errorf("%q: %x, %q, %v", fields[1], id[:], id, err)
		}
	}
	if had["good"] < 4 || had["bad"] < 10 || len(had) != 2 {
		t.Errorf("it has these cases: %v", had)
	}
}

// TestEachWrongCharacterIsNoticed: two bytes of checksum let one in 65,536 pass at random, but of one
// character none here.
func TestEachWrongCharacterIsNoticed(t *testing.T) {
	good := PeerID{31: 1, 0: 9}.String()
	for at := range good {
		for _, letter := range "abcdefghijklmnopqrstuvwxyz234567" {
			wrong := good[:at] + string(letter) + good[at+1:]
			if id, err := ParsePeerID(wrong); wrong != good && err == nil {
				t.Errorf("%s is %x", wrong, id[:])
			}
		}
	}
}

func TestAnIDHasAShortForm(t *testing.T) {
	if id := (PeerID{1, 2, 3}); id.Short() != id.String()[:8] {
		t.Error(id.Short())
	}
}

func TestWeakKeysAreNobodys(t *testing.T) {
	for _, y := range smallOrder {
		signed := y
		signed[PeerIDSize-1] |= 0x80
		if y.Sound() || signed.Sound() {
			t.Errorf("%x", y[:])
		}
		if _, err := ParsePeerID(signed.String()); err == nil {
			t.Errorf("%x has a text form", signed[:])
		}
	}
}

func FuzzParsePeerID(f *testing.F) {
	for _, text := range []string{"", "a", PeerID{1, 2}.String(), strings.Repeat("7", 56), strings.ToUpper(PeerID{5}.String()),
		PeerID{1, 2}.String()[:54] + "\n\n", "\r" + PeerID{1, 2}.String()[1:]} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParsePeerID(text); err == nil && (id.String() != text || !id.Sound()) {
			t.Errorf("%q is %x, whose text is %q", text, id[:], id)
		}
	})
}
