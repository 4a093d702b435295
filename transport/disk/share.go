// Package disk is where files lie: a [Share] is a folder that a node serves, a [Spool] is where a fetched file
// grows until it is whole. Names from the network reach the file system here only, through [os.Root].
package disk

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/relaypeer/relaypeer/protocol"
)

// Share is a folder whose regular files are served under their slash-separated relative names. It is safe for
// concurrent use.
type Share struct {
	root   *os.Root
	hidden bool
}

// OpenShare opens a folder for sharing. Names with a component that starts with a dot are shared only with hidden.
func OpenShare(folder string, hidden bool) (*Share, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	return &Share{root: root, hidden: hidden}, nil
}

// Close releases the folder. Files that are open stay so.
func (s *Share) Close() error { return s.root.Close() }

// Open opens a file for reading and returns its size in bytes and its version, 16 bytes that differ when the file
// was replaced, written to, or had its times set. The refusal is NotFound, BadName, Denied (no permission) or
// Internal. The file is an *os.File.
func (s *Share) Open(name string) (io.ReadSeekCloser, uint64, []byte, *protocol.Error) {
	if err := protocol.CheckName(name); err != nil {
		return nil, 0, nil, err
	}
	if protocol.Hidden(name) && !s.hidden {
		return nil, 0, nil, refuse(fs.ErrNotExist)
	}
	// Without O_NONBLOCK a named pipe in the folder would hold us until somebody writes to it.
	file, err := s.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, nil, refuse(err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		file.Close()
		return nil, 0, nil, refuse(err)
	}
	return file, uint64(info.Size()), version(info), nil
}

// refuse says to a stranger no more than it needs: not where the folder lies, nor what else is in it.
func refuse(err error) *protocol.Error {
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &protocol.Error{Code: protocol.Denied, Text: "the node may not read this file"}
	case errors.As(err, &errno) && (errno == syscall.EMFILE || errno == syscall.ENFILE || errno == syscall.EIO):
		return &protocol.Error{Code: protocol.Internal, Text: "the node could not open this file"}
	default: // not there, a folder, under a file, behind a link that leads out of the share
		return &protocol.Error{Code: protocol.NotFound, Text: "no such file is shared here"}
	}
}

// version digests what the system changes when a file changes. It is a digest so that inode numbers stay private.
func version(info fs.FileInfo) []byte {
	state := binary.BigEndian.AppendUint64(nil, uint64(info.Size()))
	state = binary.BigEndian.AppendUint64(state, uint64(info.ModTime().UnixNano()))
	state = appendSystem(state, info)
	digest := sha256.Sum256(state)
	return digest[:16]
}
