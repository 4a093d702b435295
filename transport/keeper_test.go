package transport_test

import (
	"errors"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// keeper is a store that keeps the memory of groups, and has room for so many.
type keeper struct {
	heap
	room  int
	kept  map[uint64]*transport.Buffer
	sizes map[uint64]int
}

func (k *keeper) ReceiveBuffers(int, uint64, protocol.Attributes) (transport.BufferSink, error) {
	return func(group uint64, _ protocol.Hash, buffer *transport.Buffer, size int) (*transport.Buffer, error) {
		if len(k.kept) == k.room {
			return buffer, errors.New("no room")
		}
		k.kept[group], k.sizes[group] = buffer, size
		return new(transport.Buffer), nil
	}, nil
}

// TestWhatAStoreKeepsIsNotWrittenAgain: the buffers that it has taken hold their groups when all have come. None that is
// wrong is given to it, and one that it does not take is told.
func TestWhatAStoreKeepsIsNotWrittenAgain(t *testing.T) {
	bytes := long.bytes(0, long.size)
	spoiled := append([]byte{}, bytes...)
	spoiled[3<<20] ^= 1
	for _, test := range []struct {
		sent       []byte
		room, kept int
		want       string
	}{
		{bytes, 5, 5, "verified 0, verified 1, verified 2, verified 3, verified 4, BodyDone, PeerEnded; 4500000 moved"},
		{spoiled, 5, 3, "verified 0, verified 1, verified 2, wrong 3, BodyDone, PeerEnded; 4500000 moved"},
		{bytes, 2, 2, "verified 0, verified 1, store failed 7 no room"},
	} {
		both(t, func(t *testing.T, network transport.Network) {
			k := &keeper{room: test.room, kept: map[uint64]*transport.Buffer{}, sizes: map[uint64]int{}}
			m := takes(bodyOf(long, 0, 5))
			served(t, network, m, k, test.sent)
			if got := m.String(); len(got) < len(test.want) || got[:len(test.want)] != test.want {
				t.Errorf("%s\nnot %s", got, test.want)
			}
			if len(k.kept) != test.kept {
				t.Errorf("%d groups are kept, not %d", len(k.kept), test.kept)
			}
			for group, buffer := range k.kept {
				if string(buffer[:k.sizes[group]]) != string(bytes[group<<20:min(int(group+1)<<20, len(bytes))]) {
					t.Errorf("group %d has been written again", group)
				}
			}
		})
	}
}
