package peer

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// uploads are what a node is asked for and sends, for its owner to see. There is a row for each link, which
// the link's machine writes; so nobody who looks touches a machine.
type uploads struct {
	number   atomic.Uint64 // of the last upload
	requests atomic.Uint64

	mu     sync.Mutex
	rows   map[*uploadRow]struct{} // of links that are open
	recent []recentUpload          // the latest comes last

	moved sync.Mutex // guards sent
	sent  speed
	start time.Time // of the time of sent
}

// recentUpload is an upload that has ended.
type recentUpload struct {
	UploadEnded
	pauses bool // it may go on, within pauseFor
}

// pauseFor is how long an upload of a part of a file is told as one that is under way after the part has been
// sent: clients ask for one part after the other.
const pauseFor = 2 * time.Second

func newUploads() *uploads {
	return &uploads{rows: map[*uploadRow]struct{}{}, start: time.Now()}
}

// pool returns where the machines of a node's links come from, and where they go.
func (t *uploads) pool(allow func(id protocol.PeerID) bool) *roles.Pool[*followedUpload] {
	return roles.NewPool(func() *followedUpload {
		return &followedUpload{Upload: node.NewGuardedUpload(allow), uploadRow: uploadRow{table: t}}
	})
}

func (t *uploads) enter(row *uploadRow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[row] = struct{}{}
}

func (t *uploads) leave(row *uploadRow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.rows, row)
}

// links returns how many links are open.
func (t *uploads) links() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.rows)
}

// ended keeps an upload that has ended, for a while.
func (t *uploads) ended(u UploadEnded, pauses bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.recent) == MaxUploadsRecent {
		t.recent = slices.Delete(t.recent, 0, 1)
	}
	t.recent = append(t.recent, recentUpload{u, pauses})
}

// goesOn takes an upload back that has ended, and reports whether it was kept.
func (t *uploads) goesOn(number uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for at, u := range slices.Backward(t.recent) {
		if u.Number == number {
			t.recent = slices.Delete(t.recent, at, at+1)
			return true
		}
	}
	return false
}

// over takes note that an upload does not go on.
func (t *uploads) over(number uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for at := range t.recent {
		if t.recent[at].Number == number {
			t.recent[at].pauses = false
		}
	}
}

// send counts bytes of bodies.
func (t *uploads) send(bytes uint64) {
	t.moved.Lock()
	defer t.moved.Unlock()
	t.sent.add(time.Since(t.start), bytes)
}

// traffic returns how many bytes have been sent, and how many lately in a second.
func (t *uploads) traffic() (sent, lately uint64) {
	t.moved.Lock()
	defer t.moved.Unlock()
	return t.sent.total, t.sent.lately(time.Since(t.start))
}

// now returns the uploads that are under way.
func (t *uploads) now() (now []UploadNow) {
	t.mu.Lock()
	rows := make([]*uploadRow, 0, len(t.rows))
	for row := range t.rows {
		rows = append(rows, row)
	}
	t.mu.Unlock()
	for _, row := range rows {
		if u, is := row.look(); is {
			now = append(now, u)
		}
	}
	slices.SortFunc(now, func(a, b UploadNow) int { return cmp.Compare(a.Number, b.Number) })
	return now[:min(len(now), MaxUploadsTold)]
}

// lately returns the uploads that ended last, the last one first.
func (t *uploads) lately() (recent []UploadEnded) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, u := range slices.Backward(t.recent) {
		if !u.pauses || time.Since(u.Ended) > pauseFor {
			recent = append(recent, u.UploadEnded)
		}
	}
	return recent
}
