package protocol

import "testing"

// The numbers on the wire, written down a second time: to change one breaks every other
// implementation.
func TestKindNumbersNeverChange(t *testing.T) {
	want := map[string]Kind{
		"REGISTER": 0x01, "RENEW": 0x02, "LEAVE": 0x03, "PUBLISH": 0x04, "LOCATE": 0x05, "LIST": 0x06, "GET": 0x07, "TREE": 0x08, "ENTER": 0x0a,
		"AWAIT": 0x0b, "CIRCUIT": 0x0c, "JOIN": 0x0d,
		"REGISTERED": 0x81, "RENEWED": 0x82, "LEFT": 0x83, "PUBLISHED": 0x84, "LOCATED": 0x85, "LISTED": 0x86, "CONTENT": 0x87,
		"OUTBOARD": 0x88, "HASHING": 0x89, "ENTERED": 0x8a, "AWAITED": 0x8b, "OPENED": 0x8c, "JOINED": 0x8d, "ERROR": 0xff,
	}
	if len(Kinds) != len(want) {
		t.Errorf("%d kinds, want %d", len(Kinds), len(want))
	}
	for i, info := range Kinds {
		if want[info.Name] != info.Kind {
			t.Errorf("%s is 0x%02x, want 0x%02x", info.Name, uint8(info.Kind), uint8(want[info.Name]))
		}
		if i > 0 && Kinds[i-1].Kind >= info.Kind {
			t.Errorf("%s stands twice or out of order", info.Name)
		}
		if got := info.new().Kind(); got != info.Kind || info.Kind.Info().Name != info.Name || info.Kind.String() != info.Name {
			t.Errorf("%s makes messages of kind %s", info.Name, got)
		}
		if info.Says == "" || info.From == "" || info.Limit == 0 {
			t.Errorf("%s: a column is empty", info.Name)
		}
	}
}

func TestEachRequestHasItsResponse(t *testing.T) {
	for _, info := range Kinds {
		switch answer := info.Kind | response; {
		case info.Kind == KindError:
		case info.Kind == KindHashing: // comes ahead of answers, and is none
			if (KindHashing &^ response).Info() != nil {
				t.Error("HASHING answers a request")
			}
		case info.Kind.IsRequest() && answer.Info() == nil:
			t.Errorf("%s has no response", info.Name)
		case !info.Kind.IsRequest() && (info.Kind&^response).Info() == nil:
			t.Errorf("%s answers nothing", info.Name)
		case info.Kind.IsRequest() && (info.Limit != MaxFirst) != (info.Kind == KindPublish):
			t.Errorf("%s: a request may have %d bytes", info.Name, info.Limit)
		}
	}
	for kind, is := range map[Kind]bool{0: false, 1: true, 0x7e: true, 0x7f: false, 0x80: false, 0xff: false} {
		if kind.IsRequest() != is {
			t.Errorf("0x%02x is a request: %v", uint8(kind), !is)
		}
	}
	if got := Kind(0x09).String(); got != "KIND-0x09" {
		t.Errorf("an unknown kind is called %s", got)
	}
}

func TestCodeNumbersNeverChange(t *testing.T) {
	want := []struct {
		name   string
		code   Code
		closes bool
	}{
		{"not-found", 1, false}, {"unexpected", 2, true}, {"malformed", 3, true}, {"too-large", 4, true},
		{"bad-name", 5, true}, {"bad-hash", 6, true}, {"version", 7, true}, {"busy", 8, true}, {"limit", 9, false},
		{"denied", 10, false}, {"draining", 11, true}, {"changed", 12, false}, {"internal", 13, false},
		{"timeout", 14, true}, {"unknown-kind", 15, true}, {"no-lease", 16, false}, {"superseded", 17, false},
		{"resync", 18, false}, {"indexing", 19, false}, {"tls-required", 20, true},
		{"unreachable", 21, false}, {"quota", 22, false}, {"peer-gone", 23, true}, {"idle", 24, true},
		{"refused", 256, true}, {"lost", 257, true}, {"disk", 258, true}, {"interrupted", 259, true}, {"variant", 260, false}, {"wrong-peer", 261, true},
		{"no-tls", 262, true}, {"no-peer", 263, true}, {"relay-changed", 264, true}, {"relay-unknown", 265, true},
	}
	if len(Codes) != len(want) {
		t.Fatalf("%d codes, want %d", len(Codes), len(want))
	}
	for i, w := range want {
		if Codes[i].Code != w.code || Codes[i].Name != w.name || Codes[i].Closes != w.closes || Codes[i].Means == "" {
			t.Errorf("row %d is %+v, want %+v", i, Codes[i], w)
		}
		if w.code.String() != w.name || w.code.Closes() != w.closes || w.code.Travels() != (w.code < 256) {
			t.Errorf("%s: String %s, Closes %v, Travels %v", w.name, w.code, w.code.Closes(), w.code.Travels())
		}
	}
	if unknown := Code(200); unknown.String() != "code-200" || !unknown.Closes() || !unknown.Travels() {
		t.Errorf("an unknown code is %s, closes: %v", unknown, unknown.Closes())
	}
	if Code(0).Travels() {
		t.Error("code 0 travels")
	}
}

func TestPartyNumbersNeverChange(t *testing.T) {
	for party, want := range map[Party]string{1: "relay", 2: "node", 3: "client", 9: "party-9"} {
		if party.String() != want {
			t.Errorf("party %d is %s, want %s", uint8(party), party, want)
		}
	}
}
