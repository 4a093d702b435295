//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package web

import (
	"context"
	"io/fs"
	"net"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

const noWait = 0

// checkPrivate has nothing to look at: there are no modes.
func checkPrivate(string, fs.FileInfo, bool) error { return nil }

// readByAll is false: who can read a file is not in its mode.
func readByAll(fs.FileInfo) bool { return false }

// listenUnix refuses: nothing would keep other users out of the socket.
func listenUnix(context.Context, string) (net.Listener, error) {
	return nil, cli.Usage("--http: there are no sockets of UNIX here; use localhost:PORT")
}
