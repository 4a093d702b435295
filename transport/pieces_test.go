package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// files are of all the sizes that make a difference to those who receive one.
var files = func() (all []*file) {
	for _, size := range []int{0, 1, 5000, 64<<10 - 1, 64 << 10, 64<<10 + 1, protocol.GroupSize, protocol.GroupSize + 1, 2*protocol.GroupSize + 777} {
		all = append(all, newFile(strings.Repeat("0123456789abcde", size/15+1)[:size]))
	}
	return all
}()

// Several bodies that come one behind the other, in whatever pieces and with whatever pauses, are what
// they are in one piece, up to the place at which they end.
func TestBodiesComeInAnyPieces(t *testing.T) {
	transport.InBubble(t, func(t *rapid.T) {
		var bodies []roles.ReceiveBody
		var stream []byte
		var want []string
		for range rapid.IntRange(1, 4).Draw(t, "bodies") {
			f := rapid.SampledFrom(files).Draw(t, "file")
			groups := protocol.Groups(f.size)
			first := uint64(rapid.IntRange(0, max(0, int(groups)-1)).Draw(t, "first"))
			body := bodyOf(f, first, groups)
			begin := len(stream)
			bodies, stream = append(bodies, body), append(stream, f.bytes(first*protocol.GroupSize, f.size)...)
			wrong := groups
			if rapid.IntRange(0, 4).Draw(t, "spoiled") == 0 && f.size > 0 {
				at := uint64(rapid.SampledFrom([]int{0, int(body.Length) / 2, int(body.Length) - 1}).Draw(t, "at"))
				stream[begin+int(at)] ^= 1
				wrong = first + at/protocol.GroupSize
			}
			for group := first; group < min(wrong+1, groups); group++ {
				verdict := "verified"
				if group == wrong {
					verdict = "wrong"
				}
				want = append(want, fmt.Sprint(verdict, " ", group))
			}
			want = append(want, "BodyDone")
		}
		moved := len(stream)
		want = append(want, "LEFT")
		stream = protocol.Append(stream, &protocol.Left{})
		m := &told{}
		m.does = func(in roles.Input) []roles.Effect {
			switch in.(type) {
			case roles.Opened, roles.BodyDone:
				if len(bodies) == 0 {
					return []roles.Effect{roles.Hear{}}
				}
				next := bodies[0]
				bodies = bodies[1:]
				return []roles.Effect{next}
			case roles.Heard, roles.PeerEnded, roles.Lost, roles.StoreFailed:
				return m.end()
			}
			return nil
		}
		near, far := joined(t)
		sizes := rapid.SliceOfN(rapid.SampledFrom([]int{1, 100, 4095, 4096, 70_000, protocol.GroupSize, len(stream)}), 1, 12).Draw(t, "pieces")
		pauses := rapid.SliceOfN(rapid.SampledFrom([]time.Duration{0, 0, 400 * time.Millisecond, 1200 * time.Millisecond}), 1, 4).Draw(t, "pauses")
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for n, rest := 0, stream; len(rest) > 0; n++ {
				size := len(rest)
				if n < len(sizes) {
					size = min(size, sizes[n])
				}
				near.Write(rest[:size])
				rest = rest[size:]
				time.Sleep(pauses[n%len(pauses)])
			}
			near.CloseWrite()
		}()
		var passed atomic.Int64
		count := func(e transport.Event) {
			if e.What != transport.ReceivedBody {
				t.Errorf("%v", e)
			}
			passed.Add(e.Bytes)
		}
		if err := (&transport.Loop{Store: &heap{groups: map[uint64]string{}}, Passed: count}).Serve(context.Background(), nil, m, far); err != nil {
			t.Fatal(err)
		}
		near.Close()
		<-sent
		if got, want := m.String(), fmt.Sprintf("%s; %d moved", strings.Join(want, ", "), moved); got != want {
			t.Fatalf("%s\nnot %s", got, want)
		}
		if passed.Load() != int64(moved) {
			t.Fatalf("%d bytes are counted, of %d", passed.Load(), moved)
		}
		for _, in := range m.inputs {
			if in, is := in.(roles.Moved); is && in.Bytes <= 0 {
				t.Fatalf("%d bytes have moved", in.Bytes)
			}
		}
	})
}

// joined returns both ends of a link of a Memory.
func joined(t *rapid.T) (near, far transport.Conn) {
	network := transport.NewMemory()
	l, err := network.Listen(context.Background(), "host:0")
	if err != nil {
		t.Fatal(err)
	}
	near, err = network.Dial(context.Background(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err = l.Accept()
	if err = errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	return near, far
}

// outboards are messages of many sizes.
var outboards = func() (all []protocol.Message) {
	for _, groups := range []int{2, 60, 70, 1000, 3000} {
		values := make([]protocol.Hash, groups)
		hash, tree := content.Build(values)
		all = append(all, &protocol.Outboard{Size: uint64(groups) * protocol.GroupSize, Hash: hash, Count: uint64(groups), Nodes: tree})
	}
	return all
}()

// Messages and bodies are sent in the order in which the machine sends them, and are what they are,
// whatever their sizes and however slowly they are taken.
func TestMessagesAndBodiesKeepTheirOrder(t *testing.T) {
	transport.InBubble(t, func(t *rapid.T) {
		var want []byte
		m := &told{}
		var effects []roles.Effect
		f := rapid.SampledFrom(files[1:]).Draw(t, "file")
		bodies := 0
		for range rapid.IntRange(1, 8).Draw(t, "effects") {
			switch rapid.IntRange(0, 3).Draw(t, "effect") {
			case 0, 1:
				var message protocol.Message = &protocol.Left{}
				if n := rapid.IntRange(0, len(outboards)).Draw(t, "message"); n > 0 {
					message = outboards[n-1]
				}
				want = protocol.Append(want, message)
				effects = append(effects, roles.Send{Message: message, Told: rapid.Bool().Draw(t, "told")})
			case 2, 3:
				first := uint64(rapid.IntRange(0, int(f.size)-1).Draw(t, "offset"))
				length := uint64(rapid.SampledFrom([]int{1, 1000, 64 << 10, 64<<10 + 1, protocol.GroupSize, int(f.size)}).Draw(t, "length"))
				length = min(length, f.size-first)
				want = append(want, f.bytes(first, first+length)...)
				effects = append(effects, roles.SendBody{Offset: first, Length: length})
				bodies++
			}
		}
		effects = append(effects, roles.HalfClose{}, roles.Hear{})
		m.does = func(in roles.Input) []roles.Effect {
			switch in.(type) {
			case roles.Opened:
				return []roles.Effect{roles.OpenFile{Name: "file", Count: 1}}
			case roles.FileFound:
				return effects
			case roles.PeerEnded, roles.Lost, roles.FileRefused:
				return m.end()
			}
			return nil
		}
		near, far := joined(t)
		piece := rapid.SampledFrom([]int{3000, 40_000, 1 << 20}).Draw(t, "taken")
		pause := rapid.SampledFrom([]time.Duration{0, 0, 20 * time.Millisecond, 300 * time.Millisecond}).Draw(t, "pause")
		if pause > 0 { // but in the time that a write has
			piece = max(piece, len(want)/20)
		}
		got := make(chan []byte, 1)
		go func() {
			var all []byte
			buffer := make([]byte, piece)
			for {
				n, err := io.ReadFull(near, buffer)
				all = append(all, buffer[:n]...)
				if err != nil {
					break
				}
				time.Sleep(pause)
			}
			near.CloseWrite()
			got <- all
		}()
		traced := int64(0)
		loop := &transport.Loop{Share: folder{"file": string(f.bytes(0, f.size))}, Trace: func(e transport.Event) {
			if e.What == transport.SentBody {
				traced += e.Bytes
			}
		}}
		if err := loop.Serve(context.Background(), nil, m, far); err != nil {
			t.Fatal(err)
		}
		if all := <-got; !slices.Equal(all, want) {
			t.Fatalf("%d bytes came, not the %d that were sent", len(all), len(want))
		}
		near.Close()
		moved, done := int64(0), 0
		for _, in := range m.inputs {
			switch in := in.(type) {
			case roles.Moved:
				moved += in.Bytes
			case roles.BodyDone:
				done++
			case roles.Lost:
				t.Fatalf("lost: %s", in.Text)
			}
		}
		sent := int64(0)
		for _, e := range effects {
			if e, is := e.(roles.SendBody); is {
				sent += int64(e.Length)
			}
		}
		if moved != sent || done != bodies || traced != sent {
			t.Fatalf("%d of %d bytes have moved, %d of %d bodies are done, %d are traced", moved, sent, done, bodies, traced)
		}
	})
}
