package program

import (
	"fmt"
	"slices"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
)

// rumours are what a relay says that nodes have under the name of a fetch. The fetch asks only as many nodes as it needs;
// of the others this is all that is known.
type rumours struct {
	also func(transport.Event) // hears all of it as well; may be nil

	mu    sync.Mutex
	peers []protocol.Peer // that have published the name
}

// hear is a trace.
func (r *rumours) hear(e transport.Event) {
	if located, is := e.Message.(*protocol.Located); is && e.What == transport.HeardMessage {
		r.mu.Lock()
		for _, peer := range located.Peers {
			if !peer.Hash.IsZero() {
				r.peers = append(r.peers, peer)
			}
		}
		r.mu.Unlock()
	}
	if r.also != nil {
		r.also(e)
	}
}

// complete adds to a result the variants that the fetch has not met.
func (r *rumours) complete(result client.Result) client.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	if result.Name == "" || result.Hash.IsZero() {
		return result
	}
	variants := slices.Clone(result.Variants)
	for _, peer := range r.peers {
		if peer.Hash == result.Hash {
			continue
		}
		at := slices.IndexFunc(variants, func(v client.Variant) bool { return v.Hash == peer.Hash })
		if at < 0 {
			at = len(variants)
			variants = append(variants, client.Variant{Identity: client.Identity{Hash: peer.Hash, Size: peer.Size}})
		}
		if v := &variants[at]; !slices.Contains(v.Nodes, peer.Addr()) {
			v.Nodes = append(slices.Clone(v.Nodes), peer.Addr())
		}
	}
	result.Variants = variants
	return result
}

// variantsOf says which other contents nodes had under the name, or nothing.
func variantsOf(r client.Result) string {
	if len(r.Variants) == 0 {
		return ""
	}
	nodes, hashes := 0, []string{}
	for _, v := range r.Variants {
		nodes += len(v.Nodes)
		hashes = append(hashes, v.Hash.String())
	}
	return fmt.Sprintf("%s %s other content under this name: %s; --hash picks one", count(nodes, "node", "nodes"),
		has(uint64(nodes)), few(hashes))
}
