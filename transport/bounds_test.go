package transport_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/rolestest"
	"github.com/relaypeer/relaypeer/transport"
)

// TestTheLastGroupIsVerifiedAtEachSize: of a file of a whole number of groups, of a byte less and of
// a byte more, a wrong last byte is noticed and a right one is not.
func TestTheLastGroupIsVerifiedAtEachSize(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		for _, size := range []int{1, protocol.GroupSize - 1, protocol.GroupSize, protocol.GroupSize + 1, 2*protocol.GroupSize - 1, 2 * protocol.GroupSize, 2*protocol.GroupSize + 1} {
			text := strings.Repeat("relaypeer", size/9+1)[:size]
			f := newFile(text)
			last := protocol.Groups(f.size) - 1
			for wrong, bytes := range map[bool]string{false: text, true: text[:size-1] + "!"} {
				var got, bad []uint64
				m := takes(bodyOf(f, 0, last+1))
				does := m.does
				m.does = func(in roles.Input) []roles.Effect {
					switch in := in.(type) {
					case roles.Verified:
						got = append(got, in.Group)
					case roles.BodyWrong:
						bad = append(bad, in.Group)
					}
					return does(in)
				}
				store := &heap{}
				store.Open(t.Context(), roles.OpenStore{}, nil)
				served(t, network, m, store, []byte(bytes))
				if want := int(last) + 1 - len(bad); len(got) != want || wrong != (len(bad) == 1 && bad[0] == last) || !wrong && len(bad) > 0 {
					t.Errorf("%d bytes, the last wrong: %v: verified %v, wrong %v", size, wrong, got, bad)
				}
			}
		}
	})
}

// TestFramesAreHeardUpToTheLimitOfTheirKind, by a side that has heard something before; a stranger's
// up to MaxFirst.
func TestFramesAreHeardUpToTheLimitOfTheirKind(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		for _, info := range protocol.Kinds {
			for _, first := range []bool{false, true} {
				limit := info.Limit
				if first {
					limit = min(limit, protocol.MaxFirst)
				}
				for payload := limit; payload <= limit+1; payload++ {
					heard := ""
					m := &told{}
					m.does = func(in roles.Input) []roles.Effect {
						switch in := in.(type) {
						case roles.Opened:
							return []roles.Effect{roles.Hear{First: first}}
						case roles.Heard:
							heard = in.Message.Kind().String()
							return m.end()
						case roles.Malformed:
							heard = in.Err.Code.String()
							return m.end()
						case roles.PeerEnded, roles.Lost:
							return m.end()
						}
						return nil
					}
					want := info.Name
					if payload > limit {
						want = protocol.TooLarge.String()
					}
					served(t, network, m, nil, padded(info.Kind, payload))
					if heard != want {
						t.Errorf("%s of %d bytes, first: %v: %s, not %s", info.Name, payload, first, heard, want)
					}
				}
			}
		}
	})
}

// padded returns a frame whose payload has so many bytes: a sample, and an unknown key with as much
// text as is missing.
func padded(kind protocol.Kind, payload int) []byte {
	sample := protocol.Append(nil, rolestest.Sample(kind))[protocol.HeaderSize:]
	b := append(frame(kind, uint32(payload)), sample[0]+1)
	b = append(append(b, sample[1:]...), 23) // the key
	switch missing := protocol.HeaderSize + payload - len(b); {
	case missing-3 < 1<<16:
		b = append(b, 0x79, byte((missing-3)>>8), byte(missing-3))
	default:
		b = append(b, 0x7a, 0, byte((missing-5)>>16), byte((missing-5)>>8), byte(missing-5))
	}
	return fmt.Append(b, strings.Repeat("x", protocol.HeaderSize+payload-len(b)))
}
