package cli

import "testing"

func TestOnlyTextIsText(t *testing.T) {
	for _, x := range []struct {
		text, rest string
		is         bool
	}{
		{"", "", true}, {"plain\ntext\twith\fpages\r\n", "", true}, {"größe 日本語 🙂", "", true},
		{"escape \x1b[2J", "", false}, {"null \x00", "", false}, {"next line \u0085", "", false}, {"not UTF-8 \xff", "", false},
		{"cut off \xe6\x97", "\xe6\x97", true},
	} {
		if rest, is := IsText([]byte(x.text)); is != x.is || string(rest) != x.rest {
			t.Errorf("%q: %q, %v", x.text, rest, is)
		}
	}
}

func TestARelayIsAHostAndAPort(t *testing.T) {
	for _, x := range []struct{ host, port, want string }{
		{"relay.example", "4000", "relay.example:4000"}, {"::1", "1", "[::1]:1"}, {"[::1]", "1", "[::1]:1"},
		{"", "1", ""}, {"a b", "1", ""}, {"http://a", "1", ""}, {"a", "0", ""}, {"a", "65536", ""}, {"a", "http", ""},
	} {
		got, err := ParseRelay(x.host, x.port)
		if got != x.want || (err == nil) != (x.want != "") {
			t.Errorf("%s %s: %q, %v", x.host, x.port, got, err)
		}
	}
	if port, err := ParsePort("0", true); port != 0 || err != nil {
		t.Errorf("%d, %v", port, err)
	}
}
