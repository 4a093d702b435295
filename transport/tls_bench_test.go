package transport_test

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// BenchmarkBulkTLS fetches a large file over TLS, verified, by the machines, and by a bare crypto/tls on
// both sides, which verifies nothing but its records.
func BenchmarkBulkTLS(b *testing.B) {
	const size = 512 << 20
	folder := b.TempDir()
	source := filepath.Join(folder, "shared", "large")
	makeFile(b, source, size)
	share, err := share.Open(filepath.Dir(source), share.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer share.Close()
	network := overTLS(plainTCP{})
	w := newWorld(b, network, 0)
	w.join(share)
	defer w.end()
	root, err := os.OpenRoot(folder)
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	server, client := transport.Configs(network.TLS)
	bare := startBare(b, func(conn *net.TCPConn) {
		file, err := os.Open(source)
		if err != nil {
			b.Error(err)
			return
		}
		defer file.Close()
		io.Copy(tls.Server(conn, server), file)
	})
	target := filepath.Join(folder, "target")
	ours := func() (undo func()) { return fetchToPart(b, w, "large", root) }
	theirs := func() (undo func()) {
		file, err := os.Create(target)
		if err != nil {
			b.Fatal(err)
		}
		conn, err := tls.Dial("tcp", bare.String(), client)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		if n, err := io.Copy(file, conn); err != nil || n != size {
			b.Fatalf("not all arrived: %d bytes, %v", n, err)
		}
		return func() {
			file.Close()
			os.Remove(target)
		}
	}
	compare(b, size, ours, theirs)
}
