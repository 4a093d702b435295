package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/transport"
)

// The contract of Network, checked for each implementation.
func TestNetworkContract(t *testing.T) {
	for name, build := range map[string]func() (transport.Network, string){
		"TCP over IPv4": func() (transport.Network, string) { return transport.TCP{}, "127.0.0.1:0" },
		"TCP over IPv6": func() (transport.Network, string) { return transport.TCP{}, "[::1]:0" },
		"Memory":        func() (transport.Network, string) { return transport.NewMemory(), "127.0.0.1:0" },
		"Memory, named": func() (transport.Network, string) { return transport.NewMemory(), "relay:0" },
		"TLS over IPv4": func() (transport.Network, string) { return &transport.TLS{}, "127.0.0.1:0" },
		"TLS over IPv6": func() (transport.Network, string) { return &transport.TLS{}, "[::1]:0" },
		"TLS over Memory": func() (transport.Network, string) {
			return &transport.TLS{Network: transport.NewMemory()}, "127.0.0.1:0"
		},
	} {
		t.Run(name, func(t *testing.T) {
			for promise, test := range map[string]func(*testing.T, transport.Network, string){
				"both ends know both addresses":        addresses,
				"bytes arrive in order, both ways":     bytesArrive,
				"a half-close ends one direction":      halfClose,
				"what is on its way survives a close":  lastWords,
				"a reader waits until its deadline":    readDeadline,
				"a writer nobody reads from waits too": writeDeadline,
				"what a deadline has left is written":  writesOn,
				"a deadline can be moved":              movedDeadline,
				"closing wakes the reader":             closeWakes,
				"writing to who is gone fails":         writeToGone,
				"an address is taken once":             takenOnce,
				"nobody listens: refused":              nobodyListens,
				"closing wakes Accept":                 closedListener,
				"a dial ends with its context":         cancelledDial,
				"an address is looked up as itself":    looksUp,
			} {
				t.Run(promise, func(t *testing.T) {
					network, address := build()
					test(t, network, address)
				})
			}
		})
	}
	t.Run("Refusing", func(t *testing.T) {
		if _, err := (transport.Refusing{}).Dial(t.Context(), "127.0.0.1:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialling: %v", err)
		}
		if _, err := (transport.Refusing{}).Listen(t.Context(), "127.0.0.1:0"); !errors.Is(err, syscall.EACCES) {
			t.Errorf("listening: %v", err)
		}
		cancelledDial(t, transport.Refusing{}, "127.0.0.1:1")
	})
}

func listen(t *testing.T, network transport.Network, address string) transport.Listener {
	t.Helper()
	l, err := network.Listen(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func looksUp(t *testing.T, network transport.Network, address string) {
	l := listen(t, network, address)
	for _, of := range []string{l.Addr().String(), strings.TrimSuffix(address, "0") + "1"} {
		found, err := network.LookUp(t.Context(), of)
		if err != nil || len(found) == 0 || found[0].Addr() != l.Addr().Addr() {
			t.Errorf("%s is at %v: %v", of, found, err)
		}
	}
	if found, err := network.LookUp(t.Context(), "no port"); err == nil {
		t.Errorf("no port is at %v", found)
	}
}

// connect returns both ends of a connection, the dialled and the accepted one.
func connect(t *testing.T, network transport.Network, address string) (near, far transport.Conn) {
	t.Helper()
	l := listen(t, network, address)
	near, err := network.Dial(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	far, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return near, far
}

func addresses(t *testing.T, network transport.Network, address string) {
	near, far := connect(t, network, address)
	if near.LocalAddr().String() != far.RemoteAddr().String() || near.RemoteAddr().String() != far.LocalAddr().String() {
		t.Errorf("%v to %v, and %v to %v", near.LocalAddr(), near.RemoteAddr(), far.LocalAddr(), far.RemoteAddr())
	}
	if near.LocalAddr().(*net.TCPAddr).Port == 0 || far.LocalAddr().(*net.TCPAddr).Port == 0 {
		t.Errorf("port 0: %v and %v", near.LocalAddr(), far.LocalAddr())
	}
}

func bytesArrive(t *testing.T, network transport.Network, address string) {
	near, far := connect(t, network, address)
	content := bytes.Repeat([]byte("relaypeer"), 100_000)
	for _, way := range [][2]transport.Conn{{near, far}, {far, near}} {
		wrote := make(chan error, 1)
		go func() {
			_, err := way[0].Write(content)
			wrote <- err
		}()
		got := make([]byte, len(content))
		if _, err := io.ReadFull(way[1], got); err != nil || !bytes.Equal(got, content) {
			t.Errorf("read: %v", err)
		}
		if err := <-wrote; err != nil {
			t.Errorf("written: %v", err)
		}
	}
}

func halfClose(t *testing.T, network transport.Network, address string) {
	near, far := connect(t, network, address)
	near.Write([]byte("question"))
	if err := near.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := near.Write([]byte("more")); err == nil {
		t.Error("written after the half-close")
	}
	if got, err := io.ReadAll(far); err != nil || string(got) != "question" {
		t.Errorf("%q, %v", got, err)
	}
	far.Write([]byte("answer"))
	far.Close()
	if got, err := io.ReadAll(near); err != nil || string(got) != "answer" {
		t.Errorf("%q, %v", got, err)
	}
}

func lastWords(t *testing.T, network transport.Network, address string) {
	near, far := connect(t, network, address)
	near.Write([]byte("goodbye"))
	near.Close()
	if got, err := io.ReadAll(far); err != nil || string(got) != "goodbye" {
		t.Errorf("%q, %v", got, err)
	}
}

func readDeadline(t *testing.T, network transport.Network, address string) {
	near, _ := connect(t, network, address)
	near.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := near.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func writeDeadline(t *testing.T, network transport.Network, address string) {
	near, far := connect(t, network, address)
	flood := make([]byte, 64<<20)
	near.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	wrote, err := near.Write(flood)
	if !errors.Is(err, os.ErrDeadlineExceeded) || wrote == 0 {
		t.Errorf("%d bytes, %v", wrote, err)
	}
	near.CloseWrite()
	// TLS cannot take back what it has encrypted and not reported.
	_, more := near.(transport.Proven)
	if got, err := io.Copy(io.Discard, far); err != nil || got != int64(wrote) && !(more && got > int64(wrote)) {
		t.Errorf("%d bytes were written and %d read, %v", wrote, got, err)
	}
}

// What a deadline has left is written again, from the first byte on that was not reported.
func writesOn(t *testing.T, network transport.Network, address string) {
	near, far := connect(t, network, address)
	flood := make([]byte, 8<<20)
	for i := range flood {
		flood[i] = byte(i * i >> 7)
	}
	got, ended := make([]byte, 0, len(flood)), 0
	for wrote := 0; wrote < len(flood); {
		near.SetWriteDeadline(time.Now().Add(5 * time.Millisecond))
		n, err := near.Write(flood[wrote:min(len(flood), wrote+1_000_003)])
		if wrote += n; err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		ended++
		const record = 16 << 10 // TLS opens a whole one
		come := got[len(got):min(max(wrote-record, len(got)), len(got)+500_009)]
		if _, err := io.ReadFull(far, come); err != nil {
			t.Fatal(err)
		}
		got = got[:len(got)+len(come)]
	}
	near.CloseWrite()
	rest, err := io.ReadAll(far)
	if got = append(got, rest...); !bytes.Equal(got, flood) {
		t.Errorf("%d bytes were read, not the same, %v", len(got), err)
	}
	if ended == 0 {
		t.Error("no write was ended")
	}
}

func movedDeadline(t *testing.T, network transport.Network, address string) {
	near, far := connect(t, network, address)
	near.SetDeadline(time.Now().Add(-time.Second))
	if _, err := near.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("written after the deadline: %v", err)
	}
	if _, err := near.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read after the deadline: %v", err)
	}
	near.SetDeadline(time.Time{})
	if _, err := near.Write([]byte("x")); err != nil {
		t.Errorf("written without a deadline: %v", err)
	}
	far.Write([]byte("y"))
	if _, err := near.Read(make([]byte, 1)); err != nil {
		t.Errorf("read without a deadline: %v", err)
	}
}

func closeWakes(t *testing.T, network transport.Network, address string) {
	near, _ := connect(t, network, address)
	read := make(chan error, 1)
	go func() {
		_, err := near.Read(make([]byte, 1))
		read <- err
	}()
	near.Close()
	if err := <-read; !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func writeToGone(t *testing.T, network transport.Network, address string) {
	near, far := connect(t, network, address)
	far.Close()
	near.SetWriteDeadline(time.Now().Add(5 * time.Second))
	var err error
	for err == nil {
		_, err = near.Write(make([]byte, 1<<10))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func takenOnce(t *testing.T, network transport.Network, address string) {
	l := listen(t, network, address)
	if again, err := network.Listen(t.Context(), l.Addr().String()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("%v, %v", again, err)
	}
}

func nobodyListens(t *testing.T, network transport.Network, address string) {
	l := listen(t, network, address)
	l.Close()
	if conn, err := network.Dial(t.Context(), l.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v, %v", conn, err)
	}
	if conn, err := network.Dial(t.Context(), "no port"); err == nil {
		t.Errorf("%v", conn)
	}
}

func closedListener(t *testing.T, network transport.Network, address string) {
	l := listen(t, network, address)
	accepted := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		accepted <- err
	}()
	l.Close()
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func cancelledDial(t *testing.T, network transport.Network, address string) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if conn, err := network.Dial(ctx, address); err == nil || conn != nil {
		t.Errorf("%v", conn)
	} else if !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "canceled") {
		t.Errorf("%v", err)
	}
}
