package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	parcelSize = 128 << 10
	parcels    = 2048 // under way on a connection in one direction: 256 MiB
)

// road is a long way over loopback: a proxy that holds each byte for half a round trip. It stands for
// the distance alone: it loses nothing, and it has neither windows nor a slow start, so that those of
// the programs themselves are all there is.
//
// A proxy accepts at once, and so a client is connected at once. On a real road that takes a round
// trip. So what the client sends within the first one leaves at the end of it, and what the server
// sends cannot leave before the client's side of the connection has reached it, half a trip later.
type road struct {
	trip        time.Duration
	there, back lane
	ctx         context.Context // while it is open
	stop        context.CancelFunc
	works       sync.WaitGroup
	buffers     sync.Pool
}

// newRoad opens a road. All that goes one way through it, over all connections, has a rate in bytes a second; 0: none.
func newRoad(ctx context.Context, trip time.Duration, rate int64) *road {
	r := &road{trip: trip}
	r.limit(rate)
	r.buffers.New = func() any { return new([parcelSize]byte) }
	r.ctx, r.stop = context.WithCancel(ctx)
	return r
}

// limit sets the rate of what enters from now on.
func (r *road) limit(rate int64) {
	for _, l := range []*lane{&r.there, &r.back} {
		l.mu.Lock()
		l.rate = rate
		l.mu.Unlock()
	}
}

// close ends all connections, and returns when nothing of the road is left.
func (r *road) close() {
	r.stop()
	r.works.Wait()
}

// to returns an address from which the road leads to another.
func (r *road) to(far string) (near string, err error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	l, err := config.Listen(r.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	unhook := context.AfterFunc(r.ctx, func() { l.Close() })
	r.works.Go(func() {
		defer unhook()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r.works.Go(func() { r.join(conn.(*net.TCPConn), far) })
		}
	})
	return l.Addr().String(), nil
}

// join carries between a client and the far end until both have ended.
func (r *road) join(client *net.TCPConn, far string) {
	begin := time.Now()
	defer client.Close()
	defer context.AfterFunc(r.ctx, func() { client.Close() })()
	var dialer net.Dialer
	dialer.SetMultipathTCP(false)
	conn, err := dialer.DialContext(r.ctx, "tcp", far)
	if err != nil {
		until(begin.Add(r.trip))
		client.SetLinger(0) // it was refused
		return
	}
	server := conn.(*net.TCPConn)
	defer server.Close()
	defer context.AfterFunc(r.ctx, func() { server.Close() })()
	var ways sync.WaitGroup
	ways.Go(func() { r.carry(client, server, &r.there, begin.Add(r.trip)) })
	ways.Go(func() { r.carry(server, client, &r.back, begin.Add(r.trip+r.trip/2)) })
	ways.Wait()
}

// parcel is some bytes on the road.
type parcel struct {
	buffer *[parcelSize]byte
	bytes  int
	due    time.Time // at its end
}

// carry carries all bytes from one connection to another, and then the end: no byte leaves before the
// connection opens.
func (r *road) carry(from, to *net.TCPConn, l *lane, opens time.Time) {
	way := make(chan parcel, parcels)
	var delivering sync.WaitGroup
	delivering.Go(func() { r.deliver(from, to, way) })
	defer delivering.Wait()
	defer close(way)
	for {
		p := parcel{buffer: r.buffers.Get().(*[parcelSize]byte)}
		var err error
		p.bytes, err = from.Read(p.buffer[:])
		through := l.enter(later(time.Now(), opens), p.bytes)
		p.due = through.Add(r.trip / 2)
		if p.bytes > 0 || errors.Is(err, io.EOF) {
			way <- p // of no bytes: the end
		}
		if err != nil {
			if !errors.Is(err, io.EOF) { // a reset goes through both
				to.SetLinger(0)
				to.Close()
			}
			return
		}
		until(through.Add(-r.trip)) // a sender is stopped behind a queue of a round trip
	}
}

// deliver writes each parcel when it is due.
func (r *road) deliver(from, to *net.TCPConn, way <-chan parcel) {
	var failed error
	for p := range way {
		switch {
		case failed != nil:
		case p.bytes == 0:
			until(p.due)
			to.CloseWrite()
		default:
			until(p.due)
			if _, failed = to.Write(p.buffer[:p.bytes]); failed != nil {
				from.SetLinger(0)
				from.Close()
			}
		}
		r.buffers.Put(p.buffer)
	}
}

// lane is one direction of a road: bytes enter it one after the other, as fast as its rate allows.
type lane struct {
	mu   sync.Mutex
	rate int64     // bytes a second; 0: no limit
	free time.Time // when the bytes that entered last are through
}

// enter returns when some bytes that are there at a time will be through.
func (l *lane) enter(at time.Time, bytes int) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 {
		return at
	}
	l.free = later(l.free, at).Add(time.Duration(bytes) * time.Second / time.Duration(l.rate))
	return l.free
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func until(t time.Time) { time.Sleep(time.Until(t)) }
