package transport_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// stuck is a share whose disk answers for all files but one.
type stuck struct{ hanging }

func (s stuck) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	if name == "stuck" {
		return s.hanging.Open(ctx, name, hash, hashing)
	}
	return s.folder.Open(ctx, name, hash, hashing)
}

// Small files that are requested ahead may go out together, but a file that is ready does not wait
// for one that the disk has yet to open, or to read.
func TestSmallAnswersDoNotWaitForTheNextFile(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		small := folder{"a": "first", "b": strings.Repeat("second", 1000), "stuck": "last"}
		for _, whole := range []bool{false, true} {
			w := newWorld(t, network, 0)
			opening := stuck{hanging{small, make(chan struct{})}}
			share := transport.Share(opening)
			if whole {
				share = stuckReading{reading{small}, opening}
			}
			conn := call(t, network, w.join(share), nil)
			names := []string{"a", "b", "a", "nowhere", "b", "stuck", "a"}
			var asked []byte
			for _, name := range names {
				asked = protocol.Append(asked, &protocol.Get{Name: name})
			}
			conn.SetDeadline(time.Now().Add(roles.DiskTimeout / 2))
			if _, err := conn.Write(asked); err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				if name == "stuck" {
					close(opening.free)
				}
				answer := hear(t, conn)
				if refusal, is := answer.(*protocol.Error); is && name == "nowhere" && refusal.Code == protocol.NotFound {
					continue
				}
				if got := body(t, conn, answer); got != small[name] {
					t.Errorf("%s: %d bytes", name, len(got))
				}
			}
			conn.Close()
			w.end()
		}
	})
}

// reading is a share that reads small files whole.
type reading struct{ folder }

func (r reading) Read(name string, hash protocol.Hash, buffer []byte) (found roles.FileFound, ok bool) {
	text, there := r.folder[name]
	file := newFile(text)
	if !there || len(text) > len(buffer) || !hash.IsZero() && hash != file.hash {
		return found, false
	}
	copy(buffer, text)
	return roles.FileFound{Size: file.size, Hash: file.hash}, true
}

// writes counts the writes of accepted links.
type writes struct {
	transport.Network
	number *atomic.Int32
}

type writesListener struct {
	transport.Listener
	number *atomic.Int32
}

type writesConn struct {
	transport.Conn
	number *atomic.Int32
}

func (w writes) Listen(ctx context.Context, address string) (transport.Listener, error) {
	l, err := w.Network.Listen(ctx, address)
	return writesListener{l, w.number}, err
}

func (l writesListener) Accept() (transport.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return writesConn{conn, l.number}, nil
}

func (c writesConn) Write(b []byte) (int, error) {
	c.number.Add(1)
	return c.Conn.Write(b)
}

// TestAnswersThatGoOutTogetherAreWholeAndInOrder: small files of all sizes, empty ones, large ones,
// stretches and refusals, requested ahead at once. Many small ones take few writes, whether they are
// read whole or opened.
func TestAnswersThatGoOutTogetherAreWholeAndInOrder(t *testing.T) {
	files := folder{}
	for i := range 40 {
		text := strings.Repeat(fmt.Sprintf("%d,", i), i*i)
		if i%20 == 19 {
			text = strings.Repeat(text, 50)
		}
		files[fmt.Sprint(i)] = text
	}
	for name, share := range map[string]transport.Share{"read whole": reading{files}, "opened": files} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, network transport.Network) {
				w := newWorld(t, writes{network, new(atomic.Int32)}, 0)
				conn := call(t, network, w.join(share), nil)
				number := w.network.(writes).number
				gets, asked := []*protocol.Get{}, []byte{}
				for i := range 60 { // from 40 on nothing is there
					get := &protocol.Get{Name: fmt.Sprint(i)}
					if size := len(files[get.Name]); i%7 == 3 && size > 10 {
						get.Offset, get.Length = uint64(size/3), uint64(size/3)
					}
					gets, asked = append(gets, get), protocol.Append(asked, get)
				}
				conn.SetDeadline(time.Now().Add(patience))
				go conn.Write(asked)
				before := number.Load()
				for _, get := range gets {
					text, there := files[get.Name]
					answer := hear(t, conn)
					if refusal, is := answer.(*protocol.Error); is && !there && refusal.Code == protocol.NotFound {
						continue
					}
					want := text[get.Offset:]
					if get.Length > 0 {
						want = want[:get.Length]
					}
					if got := body(t, conn, answer); got != want {
						t.Fatalf("%s: %d bytes, not %d", get.Name, len(got), len(want))
					}
				}
				_, still := network.(*transport.Memory) // whose time passes for waits alone
				if n := number.Load() - before; still && n > 50 {
					t.Errorf("%d answers took %d writes", len(gets), n)
				}
				conn.Close()
				w.end()
			})
		})
	}
}

// stuckReading is stuck, and reads the other files whole.
type stuckReading struct {
	reading
	stuck stuck
}

func (s stuckReading) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	return s.stuck.Open(ctx, name, hash, hashing)
}

func (s stuckReading) Read(name string, hash protocol.Hash, buffer []byte) (found roles.FileFound, ok bool) {
	if name == "stuck" {
		<-s.stuck.free
	}
	return s.reading.Read(name, hash, buffer)
}
