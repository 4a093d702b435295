package state

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// The names of a relay's and of a client's key. NodeKeyName has that of a node's.
const (
	RelayKey  = "relay"
	ClientKey = "client"
)

const (
	keySuffix = ".pem"
	mostKey   = 4 << 10 // bytes of a key file; ours have 119
)

// NewKey returns a new key, which is kept nowhere.
func NewKey() (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

// IDOf returns the id of the peer that has a key.
func IDOf(key ed25519.PrivateKey) protocol.PeerID {
	return protocol.PeerID(key.Public().(ed25519.PublicKey))
}

// Key returns the key of that name, which is made if there is none: NAME.pem in the folder. A key
// that is damaged, or that others could have read or replaced, is an error, and stays.
func (f *Folder) Key(name string) (ed25519.PrivateKey, error) {
	key, file, err := f.openKey(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return key, file.Close()
}

// HasKey reports whether there is something in the place of a key.
func (f *Folder) HasKey(name string) bool {
	_, err := os.Lstat(f.Path(name + keySuffix))
	return err == nil
}

// LockedKey is Key for this process alone, until lock is closed or the process ends. Its error is
// disk.ErrLocked if another process has the key.
func (f *Folder) LockedKey(name string) (_ ed25519.PrivateKey, lock io.Closer, err error) {
	key, file, err := f.openKey(name, os.O_RDWR) // some file systems lock only what may be written to
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		key, file, err = f.openKey(name, os.O_RDONLY)
	}
	if err != nil {
		return nil, nil, err
	}
	if err := disk.Lock(file); err != nil {
		file.Close()
		return nil, nil, told(f.Path(name+keySuffix), err)
	}
	return key, file, nil
}

// openKey opens and reads the file of a key, which is made if there is none.
func (f *Folder) openKey(name string, flag int) (ed25519.PrivateKey, *os.File, error) {
	root, err := f.openPrivate()
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	name += keySuffix
	file, err := openRegular(root, name, flag)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKey(root, name); err == nil {
			file, err = openRegular(root, name, flag)
		}
	}
	if err != nil {
		return nil, nil, told(f.Path(name), err)
	}
	// There is a key, so that no other can come to its place. Whoever has made it may have been killed before its name was durable.
	sweep(root, name)
	if err := syncFolder(root); err != nil && !errors.Is(err, syscall.EROFS) {
		file.Close()
		return nil, nil, told(f.Path(name), err)
	}
	key, err := readKey(f.Path(name), file)
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return key, file, nil
}

// readKey reads a key file that is fit to have a key.
func readKey(path string, file *os.File) (ed25519.PrivateKey, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, told(path, err)
	}
	if err := checkSecret(path, info); err != nil {
		return nil, err
	}
	text, err := readAll(file, mostKey)
	if err != nil {
		return nil, told(path, err)
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: restore it, or move it away, and a new key with another id is made", path, err)
	}
	return key, nil
}

// makeKey makes a key under a name that is free. Of several that do so at once one succeeds, and its
// key is there for all, once the folder is durable.
func makeKey(root *os.Root, name string) error {
	key, err := NewKey()
	if err != nil {
		return err
	}
	text, err := encodeKey(key)
	if err != nil {
		return err
	}
	temporary, err := writeTemporary(root, name, text)
	if err != nil {
		return err
	}
	if err = checkModes(root, temporary); err == nil {
		err = putNew(root, temporary, name)
	}
	if err != nil {
		root.Remove(temporary)
	}
	return err
}

// checkModes refuses a file system that lets others read a file that is made for the user alone.
func checkModes(root *os.Root, temporary string) error {
	info, err := root.Lstat(temporary)
	if err == nil && checkSecret(temporary, info) != nil {
		err = errors.New("other users can read each file of this file system: choose another state folder")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process has a key there, and has swept this one
	}
	return err
}

// putNew gives a file its name unless another has it by then. It succeeds too if another process has
// put a file there, and has swept the one that was to be.
func putNew(root *os.Root, temporary, name string) error {
	err := attempt("link it", func() error { return root.Link(temporary, name) })
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// A file system without links: nothing but the lock keeps another process from the name.
	lock, err := lock(root, name)
	if err != nil {
		return err
	}
	defer lock.Close()
	if _, err := root.Lstat(name); err == nil {
		return nil
	}
	return attempt("rename it to a free name", func() error { return root.Rename(temporary, name) })
}
