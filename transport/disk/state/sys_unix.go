//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// noWait keeps a named pipe from blocking the process that opens it.
const noWait = unix.O_NONBLOCK

// syncFolder makes durable which files a folder has.
func syncFolder(root *os.Root) error {
	folder, err := root.Open(".")
	if err != nil {
		return err
	}
	defer folder.Close()
	err = attempt("make the folder durable", folder.Sync)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil // a file system that cannot: it has to do without
	}
	return err
}

// checkFolder refuses a folder in which another user could replace our files. One like /tmp, where
// each user can remove their own alone, will do: of each file it is checked whose it is; not for the superuser, who
// takes what belongs to others (see checkOwner). The folders above are not looked at: the user chose the path.
func checkFolder(path string, info fs.FileInfo) error {
	if err := checkOwner(path, info); err != nil {
		return err
	}
	if (info.Mode()&fs.ModeSticky == 0 || os.Geteuid() == 0) && info.Mode()&0o022 != 0 {
		return fmt.Errorf("%s: other users can write to this folder (mode %04o), and so replace what is in it: chmod go-w %[1]s, "+
			"or choose another one", path, info.Mode().Perm())
	}
	return nil
}

// checkChange refuses a file that other users can change.
func checkChange(path string, info fs.FileInfo) error {
	if err := checkOwner(path, info); err != nil {
		return err
	}
	if info.Mode()&0o022 != 0 {
		return fmt.Errorf("%s: other users can write to it (mode %04o): look whether it is right, then chmod go-w %[1]s", path, info.Mode().Perm())
	}
	return nil
}

// checkSecret refuses a file that other users can read or change.
func checkSecret(path string, info fs.FileInfo) error {
	if err := checkOwner(path, info); err != nil {
		return err
	}
	if info.Mode()&0o077 != 0 {
		return fmt.Errorf("%s: other users can read or write it (mode %04o): chmod 600 %[1]s, or, if somebody may have read it, "+
			"remove it, and a new key is made", path, info.Mode().Perm())
	}
	return nil
}

// checkOwner refuses what belongs to another user, who could change it at any time. The superuser can
// anyhow. As the superuser we take what belongs to others: in a container a folder of the machine does.
func checkOwner(path string, info fs.FileInfo) error {
	stat, is := info.Sys().(*syscall.Stat_t)
	own := os.Geteuid()
	if is && own != 0 && stat.Uid != 0 && int(stat.Uid) != own {
		return fmt.Errorf("%s: it belongs to another user (%d), and this is user %d: chown it, or choose another place", path, stat.Uid, own)
	}
	return nil
}
