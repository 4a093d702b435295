package peer_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestManySmallFilesComeIntoMemory(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		files := fstest.MapFS{"empty": {}, "copy": {Data: []byte("content 7")}, "full": {Data: random(group)}}
		for i := range 600 {
			files[fmt.Sprintf("d/%d", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "content %d", i)}
		}
		c := connected(t, network, files, files)
		offers, err := c.ListAll(t.Context(), "", true)
		if err != nil || len(offers) != len(files) {
			t.Fatal(len(offers), err)
		}
		contents, err := c.FetchSmall(t.Context(), offers)
		if err != nil {
			t.Fatal(err)
		}
		for i, offer := range offers {
			if contents[i] == nil || !bytes.Equal(contents[i], files[offer.Name].Data) {
				t.Errorf("%s: %d bytes", offer.Name, len(contents[i]))
			}
		}
	})
}

func TestSmallFilesThatDoNotComeAreNamedByAnError(t *testing.T) {
	c := connected(t, transport.NewMemory(), tree("a", "1", "b", "2"))
	offers, err := c.ListAll(t.Context(), "", true)
	if err != nil {
		t.Fatal(err)
	}
	offers[0].Hash[0]++
	offers = append(offers, client.Offer{Name: "c", Identity: client.Identity{Hash: offers[0].Hash, Size: 5}, Holders: offers[0].Holders})
	contents, err := c.FetchSmall(t.Context(), offers)
	if err == nil || contents[0] != nil || string(contents[1]) != "2" || contents[2] != nil {
		t.Errorf("%q, %v", contents, err)
	}
	if contents, err := c.FetchSmall(t.Context(), offers[:1]); err == nil || contents[0] != nil {
		t.Errorf("%q, %v", contents, err)
	}
	none := &peer.Client{Network: transport.NewMemory(), Relay: "nowhere:1"}
	if _, err := none.FetchSmall(t.Context(), []client.Offer{{Name: "a"}}); !errors.Is(err, peer.ErrNoRelay) {
		t.Error(err)
	}
}
