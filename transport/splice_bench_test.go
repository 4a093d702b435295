package transport

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// BenchmarkSplice passes 1 GiB over a circuit, and over a bare relay of io.Copy, which is splice(2) on Linux, and
// over one that copies by way of a buffer of the same size. The processor's time is that of the peers, too.
func BenchmarkSplice(b *testing.B) {
	const size = 1 << 30
	send := func(b *testing.B, from, to Conn) {
		b.SetBytes(size)
		before := spentCPU()
		for b.Loop() {
			var sending sync.WaitGroup
			sending.Go(func() {
				piece := make([]byte, 1<<20)
				for range size / len(piece) {
					from.Write(piece)
				}
			})
			buffer := make([]byte, 1<<20)
			for got := 0; got < size; {
				n, err := to.Read(buffer)
				if got += n; err != nil {
					b.Fatal(err)
				}
			}
			sending.Wait()
		}
		b.ReportMetric((spentCPU()-before)/float64(b.N), "cpu-s/GiB")
	}
	b.Run("circuit", func(b *testing.B) {
		board, stop := openBoard(b, TCP{}, TCP{}, nil)
		ends := board.circuit()
		send(b, ends[0], ends[1])
		ends[0].Close()
		ends[1].Close()
		stop()
	})
	for name, relay := range map[string]func(to, from *net.TCPConn){
		"io.Copy": func(to, from *net.TCPConn) { io.Copy(to, from) },
		"buffer": func(to, from *net.TCPConn) {
			io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, mostInTurn))
		},
	} {
		b.Run(fmt.Sprint("bare ", name), func(b *testing.B) {
			near, nearRelay := tcpPair(b)
			far, farRelay := tcpPair(b)
			var copying sync.WaitGroup
			copying.Go(func() { relay(farRelay, nearRelay) })
			copying.Go(func() { relay(nearRelay, farRelay) })
			send(b, near, far)
			near.Close()
			far.Close()
			nearRelay.Close()
			farRelay.Close()
			copying.Wait()
		})
	}
}

// tcpPair returns both ends of a connection, made as those of the circuit.
func tcpPair(b *testing.B) (near, far *net.TCPConn) {
	b.Helper()
	l, err := TCP{}.Listen(b.Context(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	dialled, err := TCP{}.Dial(b.Context(), l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	return dialled.(*net.TCPConn), accepted.(*net.TCPConn)
}
