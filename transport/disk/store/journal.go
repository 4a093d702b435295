package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// journal is the file beside a part that names the content, and holds the value of each verified
// group at a fixed place. Its claims are believed only after the part's bytes have been hashed
// again, so the system may write the two files in any order. The journal also carries the lock that
// keeps a second process from the place.
type journal struct {
	root *os.Root
	name string
	file *os.File
}

// The header: magic with version, size (uint64, big-endian), hash, and the first bytes of the hash
// of all that.
const (
	journalMagic = "RELAYPEER-PART-1"
	atSize       = 16 // after the magic
	atHash       = atSize + 8
	atSum        = atHash + protocol.HashSize
	headerSize   = atSum + 8 // then the values, one after the other
)

// errBusy is returned while another process holds the lock.
var errBusy = errors.New("another process is fetching it")

// lock locks a file or folder, for this process alone.
func lock(file *os.File) error {
	if err := disk.Lock(file); err != disk.ErrLocked {
		return err
	}
	return errBusy
}

// openJournal opens or makes a journal and locks it.
func openJournal(root *os.Root, name string) (*journal, error) {
	for {
		if there, err := root.Lstat(name); err == nil && !there.Mode().IsRegular() {
			return nil, inTheWay(name)
		}
		file, err := obtain("make the journal", func() (*os.File, error) { return root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666) })
		if err != nil {
			return nil, err
		}
		if err := attempt("lock the journal", func() error { return lock(file) }); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		// Whoever held it till now may have been done, and removed it.
		locked, err := obtain("look at the journal", file.Stat)
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		named, err := obtain("look for the journal", func() (fs.FileInfo, error) { return root.Lstat(name) })
		if err == nil && os.SameFile(locked, named) {
			return &journal{root, name, file}, nil
		}
		file.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

// begin makes it the journal of a content, without groups.
func (j *journal) begin(hash protocol.Hash, size uint64) error {
	header := append([]byte(journalMagic), make([]byte, headerSize-len(journalMagic))...)
	binary.BigEndian.PutUint64(header[atSize:], size)
	copy(header[atHash:], hash[:])
	sum := content.ChainingValue(0, header[:atSum], true)
	copy(header[atSum:], sum[:])
	if err := attempt("empty the journal", func() error { return j.file.Truncate(0) }); err != nil {
		return err
	}
	_, err := obtain("begin the journal", func() (int, error) { return j.file.WriteAt(header, 0) })
	return err
}

// of returns the content that the journal names, unless the journal is new or damaged. An error says
// that the disk did not tell: then nothing may be made anew, which would lose what is there.
func (j *journal) of() (hash protocol.Hash, size uint64, ok bool, err error) {
	var header [headerSize]byte
	if err = before("read the journal"); err == nil {
		_, err = j.file.ReadAt(header[:], 0)
	}
	if err != nil && err != io.EOF {
		return hash, 0, false, err
	}
	if err == io.EOF || string(header[:atSize]) != journalMagic {
		return hash, 0, false, nil
	}
	sum := content.ChainingValue(0, header[:atSum], true)
	sound := string(sum[:headerSize-atSum]) == string(header[atSum:])
	return protocol.Hash(header[atHash:]), binary.BigEndian.Uint64(header[atSize:]), sound, nil
}

// note claims a group.
func (j *journal) note(group uint64, value protocol.Hash) error {
	_, err := obtain("note a group", func() (int, error) { return j.file.WriteAt(value[:], int64(headerSize+group*protocol.HashSize)) })
	return err
}

// claims returns the values of claimed groups, and zero for others, up to a number of groups. It
// allocates by the size of the file.
func (j *journal) claims(most uint64) ([]protocol.Hash, error) {
	info, err := obtain("read the claims", j.file.Stat)
	if err != nil {
		return nil, err
	}
	length := min(uint64(max(0, info.Size()-headerSize))/protocol.HashSize, most)
	raw := make([]byte, length*protocol.HashSize)
	if _, err := j.file.ReadAt(raw, headerSize); err != nil && err != io.EOF {
		return nil, err
	}
	values := make([]protocol.Hash, length)
	for i := range values {
		copy(values[i][:], raw[i*protocol.HashSize:])
	}
	return values, nil
}

// claimsAny reports whether any group is claimed.
func (j *journal) claimsAny() bool {
	info, err := j.file.Stat()
	return err == nil && info.Size() > headerSize
}

// close releases the journal and leaves it for the next try.
func (j *journal) close() error { return j.file.Close() }

// remove removes the journal and releases it.
func (j *journal) remove() error {
	err := before("remove the journal")
	if err == nil {
		err = j.root.Remove(j.name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, j.file.Close())
}

// inTheWay returns the error for a name that we need and that a stranger's file has. Only the user
// can help that.
func inTheWay(name string) error {
	return fmt.Errorf("%s is there, and is not what an earlier try left: remove it first", name)
}
