package peer_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestALiteralPatternStandsForItsNameAlone(t *testing.T) {
	for _, name := range []string{"a", "photo [1].jpg", "why?", "*", "a/**/b", "[a-z]", "größe"} {
		if !protocol.Match(peer.Literal(name), name) || protocol.CheckPattern(peer.Literal(name)) != nil {
			t.Errorf("%q is not what %q stands for", name, peer.Literal(name))
		}
	}
	for pattern, name := range map[string]string{"photo [1].jpg": "photo 1.jpg", "*": "a", "why?": "whyx", "a/**/b": "a/b"} {
		if protocol.Match(peer.Literal(pattern), name) {
			t.Errorf("%q stands for %q", peer.Literal(pattern), name)
		}
	}
}
