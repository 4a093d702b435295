package relay

import (
	"encoding/binary"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// A Locate walks the slots in an order drawn for it: from a random slot, in steps of a random stride that shares
// no divisor with their number, so that each slot comes exactly once. The walk's numbers are the cursor, so
// the relay keeps nothing of a client between its pages; a node that is listed from the first page to the last
// is in exactly one of them. A cursor of another life of the relay, whose slots mean nothing here, begins a new
// walk: a client that goes on with it meets everybody, and some of them twice.
type walk struct {
	life   uint32 // of the registry
	slots  uint32 // how many there were when the walk began
	start  uint32
	stride uint32
	done   uint32 // slots passed
}

// scanMost is how many slots one page looks at: where most are free, a page is short rather than slow.
const scanMost = 1 << 14

// Locate answers a page of active nodes.
func (r *Registry) Locate(at roles.Moment, m *protocol.Locate) protocol.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidy(at.Now, sweepStep)
	if r.life == 0 {
		r.life = uint32(at.Luck>>16) | 1
	}
	w, ours := parseWalk(m.Cursor, r.slab.size())
	if !ours || w.life != r.life {
		w = drawWalk(r.slab.size(), at.Luck)
		w.life = r.life
	}
	limit := protocol.DefaultPage
	if m.Limit > 0 {
		limit = int(min(m.Limit, protocol.MaxPage))
	}
	answer := &protocol.Located{Peers: r.page(&w, limit, at.Now)}
	if w.done < w.slots {
		answer.Cursor = w.cursor()
	}
	return answer
}

func (r *Registry) page(w *walk, limit int, now time.Duration) []protocol.Peer {
	most := min(limit, int(w.slots-w.done))
	peers := make([]protocol.Peer, 0, most)
	hosts := make([]byte, 0, 16*most) // one piece of memory for all the addresses of a page
	for scanned := 0; w.done < w.slots && len(peers) < limit && scanned < scanMost; scanned++ {
		if l := r.slab.at(w.slot()); l.used() && l.until > now {
			from := len(hosts)
			hosts = l.appendHost(hosts)
			peers = append(peers, protocol.Peer{Host: hosts[from:len(hosts):len(hosts)], Port: l.port})
		}
		w.done++
	}
	return peers
}

func (w *walk) slot() uint32 {
	return uint32((uint64(w.start) + uint64(w.done)*uint64(w.stride)) % uint64(w.slots))
}

func drawWalk(slots uint32, luck uint64) walk {
	if slots == 0 {
		return walk{}
	}
	w := walk{slots: slots, start: uint32(luck) % slots, stride: max(1, uint32(luck>>32)%slots)}
	for gcd(w.stride, slots) != 1 {
		w.stride = w.stride%slots + 1
	}
	return w
}

func (w *walk) cursor() []byte {
	b := binary.BigEndian.AppendUint32(nil, w.life)
	b = binary.BigEndian.AppendUint32(b, w.slots)
	b = binary.BigEndian.AppendUint32(b, w.start)
	b = binary.BigEndian.AppendUint32(b, w.stride)
	return binary.BigEndian.AppendUint32(b, w.done)
}

// parseWalk reads a cursor that a peer may have made up: whatever it says, the walk stays within the slots.
func parseWalk(cursor []byte, slots uint32) (w walk, ours bool) {
	if len(cursor) != 20 {
		return w, false
	}
	w = walk{
		life:   binary.BigEndian.Uint32(cursor),
		slots:  binary.BigEndian.Uint32(cursor[4:]),
		start:  binary.BigEndian.Uint32(cursor[8:]),
		stride: binary.BigEndian.Uint32(cursor[12:]),
		done:   binary.BigEndian.Uint32(cursor[16:]),
	}
	return w, w.slots > 0 && w.slots <= slots && w.done < w.slots
}

func gcd(a, b uint32) uint32 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
