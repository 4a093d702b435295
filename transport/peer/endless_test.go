package peer_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// endless is a directory that has so many pages of names and nodes, each of MaxPage items.
type endless struct {
	relay.Directory
	pages int
	name  func(n int) string
	look  func() // is called before each page, while the client waits for it
}

func (e endless) page(cursor []byte) (page int, next []byte) {
	fmt.Sscan(string(cursor), &page)
	if page+1 < e.pages {
		next = fmt.Append(nil, page+1)
	}
	return page, next
}

func (e endless) List(_ roles.Moment, _ relay.From, m *protocol.List) protocol.Message {
	if e.look != nil {
		e.look()
	}
	page, next := e.page(m.Cursor)
	answer := &protocol.Listed{Cursor: next}
	for i := range protocol.MaxPage {
		n := page*protocol.MaxPage + i
		answer.Items = append(answer.Items, protocol.Item{Name: e.name(n), Hash: protocol.Hash{1, byte(n), byte(n >> 8), byte(n >> 16)}, Count: 1})
	}
	return answer
}

func (e endless) Locate(_ roles.Moment, _ relay.From, m *protocol.Locate) protocol.Message {
	page, next := e.page(m.Cursor)
	answer := &protocol.Located{Cursor: next}
	for i := range protocol.MaxPage {
		n := page*protocol.MaxPage + i
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, byte(n >> 16), byte(n >> 8), byte(n)}), 9)
		answer.Peers = append(answer.Peers, protocol.PeerAt(at))
	}
	return answer
}

// longName returns names of almost MaxName bytes, in no order.
func longName(n int) string {
	return fmt.Sprintf("%06x/", uint32(n)*2654435761>>8) + strings.Repeat(strings.Repeat("n", 200)+"/", 4) + fmt.Sprint(n)
}

func (e endless) client(t *testing.T) *peer.Client {
	return &peer.Client{Network: transport.TCP{}, Relay: startRelay(t, transport.TCP{}, &peer.Relay{Directory: e})}
}

// peak holds the most memory that was reachable at one of its looks, beyond what was at its first one.
// Each look collects what is garbage, so that neither the collector's pace nor a busy machine counts.
type peak struct{ first, most uint64 }

func (p *peak) look() {
	var is runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&is)
	if p.first == 0 {
		p.first = is.HeapAlloc
	}
	p.most = max(p.most, is.HeapAlloc-min(is.HeapAlloc, p.first))
}

// TestLongListsTakeConstantMemory although they come unsorted and are sorted: 100 MB of names take
// less, and leave nothing in the temporary folder.
func TestLongListsTakeConstantMemory(t *testing.T) {
	const pages, most = 120, 12 << 20
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	var memory peak
	c := endless{pages: pages, name: longName, look: memory.look}.client(t)
	memory.look()
	names, err := c.Names(t.Context(), "", false)
	if err != nil {
		t.Fatal(err)
	}
	count, last := 0, ""
	for one, err := range names.All() {
		if err != nil || one.Name <= last {
			t.Errorf("%.10s behind %.10s: %v", one.Name, last, err)
			break
		}
		if count, last = count+1, one.Name; count%protocol.MaxPage == 0 {
			memory.look()
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v in the temporary folder, %v", left, err)
	}
	if err := names.Close(); err != nil {
		t.Error(err)
	}
	if count != pages*protocol.MaxPage || memory.most > most {
		t.Errorf("%d names, %d KiB", count, memory.most>>10)
	}
	t.Logf("%d KiB at most", memory.most>>10)
}

// TestAListThatNeedsATemporaryFolderSaysSo in what fails.
func TestAListThatNeedsATemporaryFolderSaysSo(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	c := endless{pages: 40, name: longName}.client(t)
	if _, err := c.Names(t.Context(), "", false); !errors.Is(err, peer.ErrDisk) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Error(err)
	}
	if r := c.Resolve(t.Context(), "**"); !errors.Is(r.Err, peer.ErrDisk) {
		t.Error(r.Err)
	}
}

// TestHoldersAreSorted as netip compares their addresses, those that may have the file last.
func TestHoldersAreSorted(t *testing.T) {
	c := endless{pages: 3}.client(t)
	holders, err := c.Holders(t.Context(), peer.Request{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	defer holders.Close()
	var nodes []client.Node
	for holder, err := range holders.All() {
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, holder.Node)
	}
	if len(nodes) != 3*protocol.MaxPage || !slices.IsSortedFunc(nodes, client.Node.Compare) {
		t.Errorf("%d nodes", len(nodes))
	}
}

// TestTheSameNameIsToldOnce for each content, with the number of contents: however often it is listed.
func TestTheSameNameIsToldOnce(t *testing.T) {
	c := endless{pages: 20, name: func(n int) string { return fmt.Sprint("name", n%2) }}.client(t)
	names, _, err := c.Matches(t.Context(), []string{"**", "n*", "name1"})
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	for range 2 {
		count := map[string]int{}
		for one, err := range names.All() {
			if err != nil || one.Contents != 10*protocol.MaxPage {
				t.Fatalf("%+v, %v", one, err)
			}
			count[one.Name]++
		}
		if count["name0"] != 10*protocol.MaxPage || count["name1"] != count["name0"] {
			t.Errorf("%v", count)
		}
	}
}

// TestASlowReaderIsWaitedFor however slow it is, with few pages in memory.
func TestASlowReaderIsWaitedFor(t *testing.T) {
	c := endless{pages: 12, name: func(n int) string { return fmt.Sprint(n) }}.client(t)
	count := 0
	for _, err := range c.List(t.Context(), "", false) {
		if err != nil {
			t.Fatal(err)
		}
		if count == 0 {
			time.Sleep(roles.HoldTimeout + 500*time.Millisecond) // the link is closed meanwhile
		}
		count++
	}
	if count != 12*protocol.MaxPage {
		t.Errorf("%d names", count)
	}
}

// TestAListIsStopped by its context, whatever waits.
func TestAListIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := endless{pages: 1 << 30, name: longName}.client(t)
	count := 0
	for _, err := range c.List(ctx, "", false) {
		if err != nil {
			if !errors.Is(err, peer.ErrInterrupted) {
				t.Error(err)
			}
			return
		}
		if count++; count == 5*protocol.MaxPage {
			cancel()
		}
	}
	t.Error("it came to an end")
}
