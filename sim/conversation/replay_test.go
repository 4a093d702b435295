package conversation

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/transport"
)

// patience is how long the subject may take for what must come. Its own deadlines are shorter.
const patience = 3 * time.Minute

// replay is the tester of one conversation: the other side of all links of the subject.
type replay struct {
	*testing.T
	conversation
	network   transport.Network
	links     map[string]transport.Conn
	listeners map[string]transport.Listener // by the name of the address
	kept      map[string]any
	unread    map[string][]byte // by link: a frame that was not the one that may come
	took      map[string]bool   // by link: whether the last one that may come came
	subject   subject
	idle      func() // waits until the subject waits; may be nothing
}

// TestConversations replays each file in memory, where time costs none.
func TestConversations(t *testing.T) {
	all := readAll(t)
	if len(all) < 40 {
		t.Errorf("%d conversations", len(all))
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &replay{T: t, conversation: c, network: transport.NewMemory(), idle: synctest.Wait}
				r.run(func(address string) string { return address })
			})
		})
	}
}

// TestConversationsOverSockets replays those that do not wait over TCP.
func TestConversationsOverSockets(t *testing.T) {
	for _, c := range readAll(t) {
		if len(c.of("time")) > 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			r := &replay{T: t, conversation: c, network: transport.TCP{}, idle: func() {}}
			r.run(func(at string) string {
				if at == nodeAddress { // on loopback alone it would say so
					return "0.0.0.0:0"
				}
				return "127.0.0.1:0"
			})
		})
	}
}

func (r *replay) run(here func(address string) string) {
	r.unread, r.took = map[string][]byte{}, map[string]bool{}
	r.links, r.listeners, r.kept = map[string]transport.Conn{}, map[string]transport.Listener{}, map[string]any{}
	for _, address := range r.of("address") {
		name, at, _ := strings.Cut(address, " ")
		r.listen(name, here(at))
	}
	r.subject = r.start(here)
	defer r.subject.end() // a node finds no relay any more at which to leave
	defer r.close()
	for i, s := range r.steps {
		if err := r.step(s); err != nil {
			r.Fatalf("step %d, %s %s %s: %v", i+1, s.link, s.act, s.arg, err)
		}
	}
	if err := r.subject.judge(); err != nil {
		r.Error(err)
	}
}

func (r *replay) listen(name, address string) {
	listener, err := r.network.Listen(r.Context(), address)
	if err != nil {
		r.Fatal(err)
	}
	r.listeners[name] = listener
	r.keepAddress(name, listener.Addr())
}

func (r *replay) close() {
	for _, listener := range r.listeners {
		listener.Close()
	}
	for _, link := range r.links {
		link.Close()
	}
}

func (r *replay) step(s step) error {
	switch s.act {
	case "connects":
		link, err := r.network.Dial(r.Context(), r.subject.address())
		if err == nil {
			r.open(s.link, link)
		}
		return err
	case "accepts":
		return r.accept(s)
	case "refuses":
		return r.listeners[s.arg].Close()
	case "waits":
		millis, err := strconv.Atoi(s.arg)
		time.Sleep(time.Duration(millis) * time.Millisecond)
		return err
	case "stops":
		r.subject.stop()
		return nil
	}
	link := r.links[s.link]
	if link == nil {
		return errors.New("no such link")
	}
	r.idle()
	link.SetDeadline(time.Now().Add(patience))
	return r.on(link, s)
}

func (r *replay) on(link transport.Conn, s step) error {
	switch s.act {
	case "says":
		return r.say(link, s)
	case "sends":
		b := s.bytes
		if s.arg != "bytes" {
			b = r.content(s.arg)
		}
		_, err := link.Write(b)
		return err
	case "hears":
		return r.hear(link, s)
	case "may":
		return r.mayHear(link, s)
	case "answers":
		if !r.took[s.link] {
			return nil
		}
		return r.say(link, s)
	case "gets":
		want := r.content(s.arg)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(link, got); err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return errors.New("other content")
		}
		return nil
	case "ends":
		return link.CloseWrite()
	case "ended":
		n, err := io.Copy(io.Discard, link)
		if n > 0 {
			return fmt.Errorf("%d more bytes before the end", n)
		}
		return err
	}
	return fmt.Errorf("no such step: %q", s.act)
}

func (r *replay) accept(s step) error {
	listener := r.listeners[s.arg]
	if listener == nil {
		return errors.New("no such address")
	}
	late := time.AfterFunc(patience, func() { listener.Close() })
	defer late.Stop()
	link, err := listener.Accept()
	if err == nil {
		r.open(s.link, link)
	}
	return err
}

func (r *replay) open(name string, link transport.Conn) {
	r.links[name] = link
	r.keepAddress(name, addrOf(link))
}

// content returns the bytes of "KIND OFFSET LENGTH". A wrong one differs in its first byte.
func (r *replay) content(what string) []byte {
	var kind string
	var offset, length int
	if _, err := fmt.Sscan(what, &kind, &offset, &length); err != nil {
		r.Fatal(err)
	}
	b := contentOf(offset, length)
	if kind == "wrong" {
		b[0] ^= 1
	}
	return b
}

// contentOf returns a part of the content of each file of a conversation: byte i is i modulo 251.
func contentOf(offset, length int) []byte {
	b := make([]byte, length)
	for i := range b {
		b[i] = byte((offset + i) % 251)
	}
	return b
}

func (r *replay) say(link transport.Conn, s step) error {
	frame := s.bytes
	if len(s.notes) > 0 {
		payload, err := treeOf(frame)
		if err != nil {
			return err
		}
		for _, n := range s.notes {
			if err := r.put(payload, n); err != nil {
				return err
			}
		}
		if frame, err = frameOf(frame, payload); err != nil {
			return err
		}
	}
	_, err := link.Write(frame)
	return err
}

func (r *replay) put(payload tree, n note) error {
	value, known := r.kept[n.name]
	if !known {
		return fmt.Errorf("nothing is kept as %s", n.name)
	}
	return at(payload, n.path, func(_ any, set func(any), _ func()) { set(value) })
}

// mayHear takes a frame if it is of that kind.
func (r *replay) mayHear(link transport.Conn, s step) error {
	frame, err := r.frame(link, s.link)
	r.took[s.link] = err == nil && frame[3] == s.bytes[3]
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		r.unread[s.link] = frame
		if r.took[s.link] {
			err = r.hear(link, s)
		}
	}
	return err
}

// frame reads the next frame of a link.
func (r *replay) frame(link transport.Conn, name string) ([]byte, error) {
	if frame := r.unread[name]; frame != nil {
		delete(r.unread, name)
		return frame, nil
	}
	frame := make([]byte, headerSize)
	if _, err := io.ReadFull(link, frame); err != nil {
		return nil, fmt.Errorf("in place of a frame: %w", err)
	}
	frame = append(frame, make([]byte, min(binary.BigEndian.Uint32(frame[4:]), 1<<20))...)
	_, err := io.ReadFull(link, frame[headerSize:])
	return frame, err
}

// hear reads a frame and compares it with the expected one, but for what is noted.
func (r *replay) hear(link transport.Conn, s step) error {
	frame, err := r.frame(link, s.link)
	if err != nil {
		return err
	}
	want, err := treeOf(s.bytes)
	if err != nil {
		return err
	}
	got, err := treeOf(frame)
	if err != nil {
		return err
	}
	heard := fmt.Sprintf("%x, which is kind %#x %v; expected kind %#x %v", frame, frame[3], got, s.bytes[3], want)
	for _, n := range s.notes {
		if err := r.note(n, want, got); err != nil {
			return fmt.Errorf("%w in %s", err, heard)
		}
	}
	if !bytes.Equal(frame[:4], s.bytes[:4]) || !reflect.DeepEqual(got, want) {
		return errors.New(heard)
	}
	return nil
}

func (r *replay) note(n note, want, got tree) error {
	drop := func(_ any, _ func(any), remove func()) { remove() }
	switch n.act {
	case "any":
		return errors.Join(at(want, n.path, drop), at(got, n.path, drop))
	case "keep":
		err := at(got, n.path, func(value any, _ func(any), remove func()) {
			r.kept[n.name] = value
			remove()
		})
		if r.kept[n.name] == nil {
			return fmt.Errorf("nothing at %s", n.path)
		}
		return errors.Join(err, at(want, n.path, drop))
	case "same":
		return r.put(want, n)
	}
	return fmt.Errorf("no such note: %q", n.act)
}
