//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// noWait keeps a named pipe from blocking the program that opens it.
const noWait = unix.O_NONBLOCK

// checkPrivate refuses a file with a secret that other users can read or change. A credential of
// systemd shows the rights of its list of users as those of a group.
func checkPrivate(path string, info fs.FileInfo, credential bool) error {
	others := fs.FileMode(0o077)
	if credential {
		others = 0o037
	}
	if info.Mode()&others != 0 {
		return fmt.Errorf("%s: other users can read or write it (mode %04o): chmod 600 %[1]s, and, if somebody may have read it, put another token in",
			path, info.Mode().Perm())
	}
	stat, is := info.Sys().(*syscall.Stat_t)
	if user := os.Geteuid(); is && user != 0 && stat.Uid != 0 && int(stat.Uid) != user {
		return fmt.Errorf("%s: it belongs to another user (%d), and this is user %d", path, stat.Uid, user)
	}
	return nil
}

// listenUnix listens at a socket that only this user can connect to. It is made in a folder that
// nobody else can enter, and moved to its path when it has its mode. One that a dead process has
// left is replaced. A lock on the folder keeps two programs from doing that to each other.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	unlock, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("--http: %s", unwrapped(err))
	}
	defer unlock()
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	private, err := os.MkdirTemp(filepath.Dir(path), ".http-")
	if err != nil {
		return nil, fmt.Errorf("--http: %s", unwrapped(err))
	}
	defer os.RemoveAll(private)
	made := filepath.Join(private, "s")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", made)
	if err != nil {
		return nil, fmt.Errorf("--http: %s: a socket cannot be made in its folder: %w", path, inner(err))
	}
	socket := &socketListener{Listener: listener, path: path}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	if err = os.Chmod(made, 0o600); err == nil {
		if socket.info, err = os.Lstat(made); err == nil {
			err = os.Rename(made, path)
		}
	}
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("--http: %s", unwrapped(err))
	}
	return socket, nil
}

// lockFolder locks a folder until unlock is called.
func lockFolder(path string) (unlock func(), err error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		folder.Close()
		return nil, cli.Usage("%s: another program is making a socket there; try again", path)
	} // a file system without locks does without
	return func() { folder.Close() }, nil
}

// removeStale removes a socket at which nobody listens. Whatever else is there is an error.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("--http: %s", unwrapped(err))
	case info.Mode().Type() != fs.ModeSocket:
		return cli.Usage("--http: %s is there, and is no socket; remove it, or choose another path", path)
	}
	dialled, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		dialled.Close()
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return cli.Usage("--http: another program listens at %s", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("--http: %s", unwrapped(err))
	}
	return nil
}

// socketListener removes its socket when it is closed, unless another one has its place.
type socketListener struct {
	net.Listener
	path   string
	info   fs.FileInfo
	remove sync.Once
}

// Close ends listening.
func (s *socketListener) Close() error {
	s.remove.Do(func() {
		if now, err := os.Lstat(s.path); err == nil && os.SameFile(now, s.info) {
			os.Remove(s.path)
		}
	})
	return s.Listener.Close()
}
