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

// listenUnix refuses: nothing would keep other users out of the socket.
func listenUnix(context.Context, string) (net.Listener, error) {
	return nil, cli.Usage("--http: there are no sockets of UNIX here; use localhost:PORT")
}
