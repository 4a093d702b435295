package transport_test

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// counting is a share that counts its Opens and its files' Changed calls, and whose files change
// after a number of these, or once it has been read so far.
type counting struct {
	folder
	opens, closes, looks *atomic.Int32
	changes              int32         // the look from which on a file has changed; 0: it never does
	read                 *atomic.Int64 // so far the file has been read
	changesAt            int64         // where that is when the file changes; 0: it does not
}

func newCounting(text string) counting {
	return counting{folder{"file": text}, new(atomic.Int32), new(atomic.Int32), new(atomic.Int32), 0, new(atomic.Int64), 0}
}

type counted struct {
	transport.File
	share counting
}

func (c counting) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	c.opens.Add(1)
	file, refusal := c.folder.Open(ctx, name, hash, hashing)
	if refusal != nil {
		return nil, refusal
	}
	return counted{file, c}, nil
}

func (c counted) Close() error {
	c.share.closes.Add(1)
	return c.File.Close()
}

func (c counted) Changed() bool {
	looks := c.share.looks.Add(1)
	return c.share.changes > 0 && looks >= c.share.changes ||
		c.share.changesAt > 0 && c.share.read.Load() >= c.share.changesAt
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	if at, _ := c.Seek(0, io.SeekCurrent); at > c.share.read.Load() { // some is read again on a slow link
		c.share.read.Store(at)
	}
	return n, err
}

// body reads the raw bytes after a CONTENT.
func body(t *testing.T, conn transport.Conn, m protocol.Message) string {
	t.Helper()
	content, is := m.(*protocol.Content)
	if !is {
		t.Fatalf("%+v instead of a CONTENT", m)
	}
	var b strings.Builder
	if _, err := io.CopyN(&b, conn, int64(content.Length)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAFileStaysOpenForTheNextStretch(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		share := newCounting("some text")
		conn := call(t, network, w.join(share), nil)
		hash := newFile("some text").hash
		for n, test := range []struct {
			ask   protocol.Message
			opens int32 // by then
		}{
			{&protocol.Get{Name: "file", Hash: hash, Length: 4}, 1},
			{&protocol.Get{Name: "file", Hash: hash, Offset: 4}, 1},
			{&protocol.Tree{Name: "file", Hash: hash}, 1},
			{&protocol.Get{Hash: hash}, 2},      // whatever name has it
			{&protocol.Get{Name: "file"}, 3},    // the name may be another file's by now
			{&protocol.Get{Name: "file"}, 4},    // again
			{&protocol.Get{Name: "nowhere"}, 5}, // closes what was open
			{&protocol.Tree{Name: "file"}, 6},   // another
			{&protocol.Tree{Name: "file", Hash: hash}, 6},
		} {
			if answer := ask(t, conn, test.ask); answer.Kind() == protocol.KindContent {
				body(t, conn, answer)
			}
			if opens := share.opens.Load(); opens != test.opens {
				t.Errorf("opened %d times, not %d, after request %d", opens, test.opens, n+1)
			}
		}
		conn.Close()
		w.end()
		if opens, closes := share.opens.Load(), share.closes.Load(); closes != opens-1 { // one was not there
			t.Errorf("opened %d times, closed %d times", opens, closes)
		}
	})
}

// TestAFileThatHasChangedIsOpenedAnew: the file that is kept open is checked before each
// body.
func TestAFileThatHasChangedIsOpenedAnew(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		share := newCounting("some text")
		share.changes = 2
		conn := call(t, network, w.join(share), nil)
		get := &protocol.Get{Name: "file", Hash: newFile("some text").hash}
		for opens := int32(1); opens <= 2; opens++ { // the second look is before the second stretch
			body(t, conn, ask(t, conn, get))
			if got := share.opens.Load(); got != opens {
				t.Errorf("opened %d times, not %d", got, opens)
			}
		}
		conn.Close()
		w.end()
	})
}

// TestAFileIsLookedAtWhileItIsSent: after each 4 MiB at the latest, sooner if the link is slow, and at
// the end. The bytes sent after a change are void, and the next answer says so, once.
func TestAFileIsLookedAtWhileItIsSent(t *testing.T) {
	const size = 10 << 20
	text := strings.Repeat("0123456789abcdef", size/16)
	get := &protocol.Get{Name: "file"}
	const between, copied = 4 << 20, 64 << 10 // between two looks; read and perhaps not sent
	for name, changesAt := range map[string]int64{"at the beginning": 1, "in the middle": between + 1, "at the end": size} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, network transport.Network) {
				w := newWorld(t, network, 0)
				share := newCounting(text)
				share.changesAt = changesAt
				conn := call(t, network, w.join(share), nil)
				got := body(t, conn, ask(t, conn, get))
				sent := strings.TrimRight(got, "\x00")
				if !strings.HasPrefix(text, sent) || int64(len(sent)) >= changesAt+between || int64(len(sent)) < changesAt-copied {
					t.Errorf("%d bytes and zeros were sent of a file that changed at %d", len(sent), changesAt)
				}
				if refusal, is := ask(t, conn, get).(*protocol.Error); !is || refusal.Code != protocol.Changed {
					t.Errorf("then: %+v", refusal)
				}
				if answer := ask(t, conn, &protocol.Get{Name: "nowhere"}).(*protocol.Error); answer.Code != protocol.NotFound {
					t.Errorf("and then: %+v", answer)
				}
				conn.Close()
				w.end()
			})
		})
	}
}

// TestASmallFileIsLookedAtBeforeItIsSent: its bytes and its CONTENT go out together.
func TestASmallFileIsLookedAtBeforeItIsSent(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		share := newCounting(strings.Repeat("some text ", 6<<10))
		share.changes = 2
		conn := call(t, network, w.join(share), nil)
		for n, want := range []string{"some text", "\x00\x00\x00\x00\x00\x00\x00\x00\x00"} {
			if got := body(t, conn, ask(t, conn, &protocol.Get{Name: "file", Offset: 10, Length: 9})); got != want {
				t.Errorf("stretch %d: %q", n, got)
			}
		}
		if refusal, is := ask(t, conn, &protocol.Get{Name: "file"}).(*protocol.Error); !is || refusal.Code != protocol.Changed {
			t.Errorf("then: %+v", refusal)
		}
		share.looks.Store(-100)
		if got := body(t, conn, ask(t, conn, &protocol.Get{Name: "file"})); got != share.folder["file"] {
			t.Errorf("the whole: %d bytes", len(got))
		}
		conn.Close()
		w.end()
	})
}

// grown is a share whose files have changed from the first look on, and hold their first bytes only.
type grown struct {
	counting
	holds uint64
}

type proving struct {
	counted
	holds uint64
}

func (g grown) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	file, refusal := g.counting.Open(ctx, name, hash, hashing)
	if refusal != nil {
		return nil, refusal
	}
	return proving{file.(counted), g.holds}, nil
}

func (p proving) Holds(offset, length uint64) bool { return offset+length <= p.holds }

// TestAFileThatHasGrownIsSentAsWhatItWas: of a file that has changed, the bytes that are as they were are sent, small
// stretches and large ones, and it stays open; of others the next answer says that they are void.
func TestAFileThatHasGrownIsSentAsWhatItWas(t *testing.T) {
	const size = 10 << 20
	text := strings.Repeat("0123456789abcdef", size/16)
	both(t, func(t *testing.T, network transport.Network) {
		for _, holds := range []uint64{size, 9 << 20, 8<<20 + 1, 0} {
			w := newWorld(t, network, 0)
			share := grown{newCounting(text), holds}
			share.changes = 1
			conn := call(t, network, w.join(share), nil)
			hash := newFile(text).hash
			for _, get := range []*protocol.Get{{Offset: 0, Length: 100}, {Offset: 8 << 20, Length: 1}, {Offset: 0, Length: 8 << 20}, {Offset: 8 << 20}} {
				get.Name, get.Hash = "file", hash
				end := get.Offset + get.Length
				if get.Length == 0 {
					end = size
				}
				got := body(t, conn, ask(t, conn, get))
				if end <= holds {
					if got != text[get.Offset:end] {
						t.Errorf("of a file that holds %d bytes those up to %d were not sent", holds, end)
					}
					continue
				}
				if refusal, is := ask(t, conn, get).(*protocol.Error); !is || refusal.Code != protocol.Changed {
					t.Errorf("then: %+v", refusal)
				}
			}
			if opens := share.opens.Load(); opens != 1 {
				t.Errorf("it was opened %d times", opens)
			}
			conn.Close()
			w.end()
		}
	})
}

// slow is a share that never comes to the end of hashing.
type slow struct{ given chan struct{} }

func (s slow) Open(ctx context.Context, _ string, _ protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	defer close(s.given)
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for done := uint64(1); ; done++ {
		select {
		case <-beat.C:
			hashing(done, 1<<40)
		case <-ctx.Done():
			return nil, &protocol.Error{Code: protocol.Internal, Text: "given up"}
		}
	}
}

func TestHashingIsToldAndGivenUpWithTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		w := newWorld(t, network, 0)
		share := slow{make(chan struct{})}
		conn := call(t, network, w.join(share), nil)
		answer := ask(t, conn, &protocol.Get{Name: "file"})
		for done := uint64(1); done < 30; done++ { // longer than any deadline
			if told, is := answer.(*protocol.Hashing); !is || told.Done != done {
				t.Fatalf("%+v when %d bytes are done", answer, done)
			}
			answer = hear(t, conn)
		}
		begin := time.Now()
		conn.Close()
		<-share.given
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("the disk went on for %v", took)
		}
		w.end()
	})
}
