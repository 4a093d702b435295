package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/store"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// takes returns a machine that takes a body and hears what comes after it.
func takes(body roles.ReceiveBody) *told {
	m := &told{}
	m.does = func(in roles.Input) []roles.Effect {
		switch in.(type) {
		case roles.Opened:
			return []roles.Effect{body}
		case roles.BodyDone:
			return []roles.Effect{roles.Hear{}}
		case roles.Heard, roles.PeerEnded, roles.Lost, roles.StoreFailed:
			return m.end()
		}
		return nil
	}
	return m
}

// bodyOf asks for groups of a file, from first on.
func bodyOf(f *file, first, count uint64) roles.ReceiveBody {
	begin, end := first*protocol.GroupSize, min(f.size, (first+count)*protocol.GroupSize)
	return roles.ReceiveBody{Item: 7, Offset: begin, Length: end - begin, Size: f.size, Values: f.values[first:min(first+count, uint64(len(f.values)))]}
}

// served gives the machine a link on which those bytes come, and then the end.
func served(t *testing.T, network transport.Network, m roles.Machine, store transport.Store, bytes []byte) {
	t.Helper()
	near, far := connect(t, network, "127.0.0.1:0")
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		near.Write(bytes)
		near.CloseWrite()
	}()
	(&transport.Loop{Store: store}).Serve(t.Context(), nil, m, far)
	near.Close()
	<-sent
}

// long is a file of five groups, the last of them short.
var long = newFile(strings.Repeat("0123456789abcde", 300_000))

func (f *file) bytes(from, to uint64) []byte {
	data := make([]byte, min(to, f.size)-from)
	f.ReadAt(data, int64(from))
	return data
}

// newPart returns a store on the disk that is open for a file, and a function that reads back
// the groups it has.
func newPart(t *testing.T, f *file) *store.Part {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	part := store.NewPart(root, "target")
	t.Cleanup(func() {
		if err := errors.Join(part.Discard(), root.Close()); err != nil {
			t.Error(err)
		}
	})
	if _, _, err := part.Open(t.Context(), roles.OpenStore{Hash: f.hash, Size: f.size}, nil); err != nil {
		t.Fatal(err)
	}
	return part
}

// A body is verified group by group as it comes, and after it the next message is heard.
func TestABodyIsVerifiedAsItComes(t *testing.T) {
	after := protocol.Append(nil, &protocol.Left{})
	short := newFile("short")
	for name, test := range map[string]struct {
		file  *file
		body  roles.ReceiveBody
		bytes []byte
		want  string
	}{
		"all of a file": {long, bodyOf(long, 0, 5), long.bytes(0, long.size),
			"verified 0, verified 1, verified 2, verified 3, verified 4, BodyDone, LEFT; 4500000 moved"},
		"a stretch of it": {long, bodyOf(long, 1, 2), long.bytes(1<<20, 3<<20),
			"verified 1, verified 2, BodyDone, LEFT; 2097152 moved"},
		"its short end": {long, bodyOf(long, 4, 1), long.bytes(4<<20, long.size),
			"verified 4, BodyDone, LEFT; 305696 moved"},
		"nothing": {short, bodyOf(newFile(""), 0, 1), nil,
			"BodyDone, LEFT; 0 moved"},
		"a small file": {short, bodyOf(short, 0, 1), []byte("short"),
			"verified 0, BodyDone, LEFT; 5 moved"},
		"a wrong group, and right ones after it": {long, bodyOf(long, 0, 5), slices.Concat(long.bytes(0, 2<<20), long.bytes(1<<20, long.size-1<<20)),
			"verified 0, verified 1, wrong 2, BodyDone, LEFT; 4500000 moved"},
		"a wrong end": {long, bodyOf(long, 3, 2), append(long.bytes(3<<20, long.size-1), 'X'),
			"verified 3, wrong 4, BodyDone, LEFT; 1354272 moved"},
		"a small file, wrong": {short, bodyOf(short, 0, 1), []byte("shirt"),
			"wrong 0, BodyDone, LEFT; 5 moved"},
		"a group of another place": {long, bodyOf(long, 1, 1), long.bytes(2<<20, 3<<20),
			"wrong 1, BodyDone, LEFT; 1048576 moved"},
	} {
		t.Run(name, func(t *testing.T) {
			for store, open := range map[string]func(*testing.T) transport.Store{
				"disk":   func(t *testing.T) transport.Store { return newPart(t, test.file) },
				"memory": func(*testing.T) transport.Store { return &heap{groups: map[uint64]string{}} },
			} {
				t.Run(store, func(t *testing.T) {
					both(t, func(t *testing.T, network transport.Network) {
						m := takes(test.body)
						served(t, network, m, open(t), append(slices.Clone(test.bytes), after...))
						if got := m.String(); got != test.want {
							t.Errorf("%s\nnot %s", got, test.want)
						}
					})
				})
			}
		})
	}
}

// Only verified groups reach a store.
func TestOnlyVerifiedGroupsReachAStore(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		store := &heap{groups: map[uint64]string{}}
		bytes := long.bytes(0, long.size)
		bytes[3<<20] ^= 1
		served(t, network, takes(bodyOf(long, 0, 5)), store, bytes)
		if got := store.String(); got != string(long.bytes(0, 3<<20)) {
			t.Errorf("%d bytes", len(got))
		}
	})
}

// Of a body that breaks off, the whole groups are kept.
func TestABrokenBodyLeavesWhatIsWhole(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		part := newPart(t, long)
		m := takes(bodyOf(long, 0, 5))
		served(t, network, m, part, long.bytes(0, 3<<20-1))
		if got, want := m.String(), "verified 0, verified 1, PeerEnded; 3145727 moved"; got != want {
			t.Errorf("%s", got)
		}
		has, _, err := part.Open(t.Context(), roles.OpenStore{Hash: long.hash, Size: long.size}, nil)
		if err != nil || has.Count() != 2 {
			t.Errorf("the store has %v: %v", has, err)
		}
	})
}

// closed is a store that has no sinks.
type closed struct{ heap }

func (*closed) Receive(int, uint64, protocol.Attributes) (transport.Sink, error) {
	return nil, errors.New("no sink")
}

func TestAStoreThatFailsIsTold(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		for store, want := range map[transport.Store]string{
			&closed{}:                       "store failed 7 no sink; 0 moved",
			&full{left: protocol.GroupSize}: "verified 0, store failed 7 no space left; 2097152 moved",
		} {
			m := takes(bodyOf(long, 0, 2))
			served(t, network, m, store, long.bytes(0, 2<<20))
			if got := m.String(); got != want {
				t.Errorf("%s\nnot %s", got, want)
			}
		}
	})
}

// lying is a share that announces its files truly and sends other bytes.
type lying struct{ folder }

func (l lying) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	whole, err := l.folder.Open(ctx, name, hash, hashing)
	if err != nil {
		return nil, err
	}
	return shrunk{whole.(*file), strings.NewReader(strings.ToUpper(l.folder[name])), io.EOF}, nil
}

// A node that sends other bytes than announced is dropped, and another one is asked.
func TestALiarIsLeft(t *testing.T) {
	text := strings.Repeat("relaypeer", 3*protocol.GroupSize/9)
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		w.join(lying{folder{"file": text}})
		store := &heap{}
		result := w.fetch("file", store)
		if result.Outcome != client.Undelivered || result.Tried[0].Code != protocol.BadHash || store.String() != "" {
			t.Errorf("%+v, and %d bytes", result, len(store.String()))
		}
		w.join(folder{"file": text})
		if result := w.fetch("file", store); result.Outcome != client.Fetched || store.String() != text {
			t.Errorf("%+v", result)
		}
		w.end()
	})
}

// together is the share of one of several nodes, none of which sends more than a group before another one
// has sent a group.
type together struct {
	folder
	read  *atomic.Int64 // this node's bytes
	group *sync.Once    // this node has sent one
	sent  *atomic.Int32 // nodes that have
	both  chan struct{} // closed when two have
}

func (g together) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	whole, err := g.folder.Open(ctx, name, hash, hashing)
	if err != nil {
		return nil, err
	}
	return waiting{whole, g}, nil
}

type waiting struct {
	transport.File
	of together
}

func (f waiting) Read(b []byte) (int, error) {
	if f.of.read.Load() >= protocol.GroupSize {
		f.of.group.Do(func() {
			if f.of.sent.Add(1) == 2 {
				close(f.of.both)
			}
		})
		select {
		case <-f.of.both:
		case <-time.After(20 * time.Second): // the test fails then
		}
	}
	n, err := f.File.Read(b)
	f.of.read.Add(int64(n))
	return n, err
}

// A file comes from several nodes at once, and no group from a lying one among them.
func TestAFileComesFromSeveralNodes(t *testing.T) {
	text := strings.Repeat("relaypeer", 40*protocol.GroupSize/9)
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		liar := w.join(lying{folder{"file": text}})
		sent, both := new(atomic.Int32), make(chan struct{})
		for range 3 {
			w.join(together{folder{"file": text}, new(atomic.Int64), new(sync.Once), sent, both})
		}
		target := t.TempDir()
		root, err := os.OpenRoot(target)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		part := store.NewPart(root, "target")
		result := w.client(4).FetchInto(t.Context(), peer.Request{Name: "file"}, part)
		if result.Outcome != client.Fetched || len(result.From) < 2 {
			t.Errorf("%v, %s, from %v", result.Outcome, result.Text, result.From)
		}
		if slices.Contains(result.From, client.Node{AddrPort: liar}) {
			t.Error("something of it is the liar's")
		}
		if got, err := os.ReadFile(filepath.Join(target, "target")); err != nil || string(got) != text {
			t.Errorf("%d bytes: %v", len(got), err)
		}
		w.end()
	})
}

// A reader of the output may pause for as long as it likes: the fetch goes on slowly and completes.
func TestAPausedReaderDoesNotCostTheLink(t *testing.T) {
	text := strings.Repeat("relaypeer", 30*protocol.GroupSize/9)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, transport.NewMemory(), 0)
		w.join(folder{"file": text})
		reader, writer := io.Pipe()
		arrived, ended := make(chan peer.Result, 1), make(chan error, 1)
		request := peer.Request{Name: "file", Report: func(outcome roles.Outcome) {
			if result, is := outcome.(client.Result); is {
				arrived <- peer.Result{Result: result}
			}
		}}
		go func() {
			defer writer.Close()
			ended <- w.client(4).Fetch(t.Context(), request, writer).Err()
		}()
		if result := <-arrived; result.Outcome != client.Fetched || len(result.Tried) != 1 {
			t.Errorf("%+v", result)
		}
		time.Sleep(time.Hour)
		got, _ := io.ReadAll(reader)
		if err := <-ended; err != nil || string(got) != text {
			t.Errorf("%d bytes were read; %v", len(got), err)
		}
		w.end()
	})
}

// Sources deliver side by side, so groups come out of their order: a stream sorts them, whether a
// client's Fetch has made it, which asks for the file once, or it is a store like any other.
func TestAStreamIsWholeWhateverItIsAskedWith(t *testing.T) {
	var text strings.Builder
	for number := range 24 * protocol.GroupSize / 8 {
		fmt.Fprintf(&text, "%8d", number)
	}
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		for range 4 {
			w.join(folder{"file": text.String()})
		}
		request := peer.Request{Name: "file"}
		var printed, stored strings.Builder
		stream := store.NewStream(&stored)
		for once, result := range map[bool]peer.Result{
			true:  w.client(4).Fetch(t.Context(), request, &printed),
			false: w.client(4).FetchInto(t.Context(), request, stream),
		} {
			if result.Outcome != client.Fetched || once != (len(result.From) < 2) {
				t.Errorf("%v, %s, from %v", result.Outcome, result.Text, result.From)
			}
		}
		if err := errors.Join(stream.Flush(t.Context()), stream.Close()); err != nil {
			t.Error(err)
		}
		if printed.String() != text.String() || stored.String() != text.String() {
			t.Errorf("%d and %d bytes were printed", printed.Len(), stored.Len())
		}
		w.end()
	})
}

// TestALiarAmongManySmallFilesIsFound: files that come together are hashed together, and only the one
// that is not what its hash says is wrong.
func TestALiarAmongManySmallFilesIsFound(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		for _, liar := range []int{0, 1, 7, 19} {
			var stream []byte
			var bodies []roles.ReceiveBody
			var want []string
			for i := range 20 {
				f := newFile(strings.Repeat(fmt.Sprint(i, ","), 100*i+1))
				bodies = append(bodies, bodyOf(f, 0, 1))
				stream = append(protocol.Append(stream, &protocol.Content{Size: f.size, Length: f.size, Hash: f.hash}), f.bytes(0, f.size)...)
				verdict := "verified 0"
				if i == liar {
					stream[len(stream)-1] ^= 1
					verdict = "wrong 0"
				}
				want = append(want, "CONTENT", verdict, "BodyDone")
			}
			m := &told{}
			m.does = func(in roles.Input) []roles.Effect {
				switch in.(type) {
				case roles.Opened, roles.BodyDone:
					return []roles.Effect{roles.Hear{}}
				case roles.Heard:
					next := bodies[0]
					bodies = bodies[1:]
					return []roles.Effect{next}
				case roles.PeerEnded, roles.Lost, roles.StoreFailed:
					return m.end()
				}
				return nil
			}
			served(t, network, m, &heap{groups: map[uint64]string{}}, stream)
			got, _, _ := strings.Cut(m.String(), ";")
			if want := strings.Join(append(want, "PeerEnded"), ", "); got != want {
				t.Errorf("liar %d: %s\nnot %s", liar, got, want)
			}
		}
	})
}

// The reader of a long body is woken for many bytes at once. Behind the body, whole or wrong, a message of
// few is heard although the link stays open.
func TestWhatComesBehindALongBodyIsHeard(t *testing.T) {
	for name, bytes := range map[string][]byte{
		"whole": long.bytes(0, long.size),
		"wrong": slices.Concat(long.bytes(1<<20, 2<<20), long.bytes(1<<20, long.size)),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			near, far := connect(t, transport.TCP{}, "127.0.0.1:0")
			done, heard := make(chan struct{}), false
			m := takes(bodyOf(long, 0, 5))
			does := m.does
			m.does = func(in roles.Input) []roles.Effect {
				switch in.(type) {
				case roles.BodyDone:
					close(done)
				case roles.Heard:
					heard = true
				}
				return does(in)
			}
			go func() {
				near.Write(bytes)
				select {
				case <-done:
					near.Write(protocol.Append(nil, &protocol.Left{}))
				case <-ctx.Done():
				}
			}()
			(&transport.Loop{Store: &heap{groups: map[uint64]string{}}}).Serve(ctx, nil, m, far)
			if !heard {
				t.Errorf("not heard: %s", m)
			}
		})
	}
}
