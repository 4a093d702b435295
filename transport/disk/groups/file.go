package groups

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// A file is a header and the group:
//
//	8 bytes   magic
//	32 bytes  the hash of the content
//	8 bytes   the size of the content, little-endian
//	8 bytes   the number of the group, little-endian
//	32 bytes  the group's chaining value
//
// A single bit that flips makes it one that was not asked for, or one whose value is another.
const (
	magic      = "rpgroup\x01"
	headerSize = len(magic) + 32 + 8 + 8 + 32
)

// What a file system needs for a file is taken to be a block for its name and inode, and its bytes in whole blocks. The
// folders, and the lock, are there anyway.
const (
	blockSize  = 4 << 10
	shards     = 256
	fixedBytes = (shards + 2) * blockSize
)

const (
	lockName = "lock"
	unsafe   = ".part" // ends the name of a file that is being written
)

var (
	errNotRegular = errors.New("it is no regular file")
	errDamaged    = errors.New("it is damaged")
)

// takes returns how many bytes a file of this size takes.
func takes(size int64) int64 { return (size+blockSize-1)/blockSize*blockSize + blockSize }

// shard returns the folder of a group: those of one content are in all of them.
func (k key) shard() string { return hex.EncodeToString([]byte{k.hash[0] ^ byte(k.group)}) }

// name returns the path of a group's file.
func (k key) name() string {
	return k.shard() + "/" + k.hash.String() + "-" + strconv.FormatUint(k.size, 16) + "-" + strconv.FormatUint(k.group, 16)
}

// keyOf returns the group that a file of this name in a folder has, if we could have named it so.
func keyOf(shard, name string) (k key, is bool) {
	parts := strings.Split(name, "-")
	if len(parts) != 3 {
		return k, false
	}
	if k.hash, is = protocol.ParseHash(parts[0]); !is {
		return k, false
	}
	var sized, numbered error
	k.size, sized = strconv.ParseUint(parts[1], 16, 64)
	k.group, numbered = strconv.ParseUint(parts[2], 16, 64)
	return k, sized == nil && numbered == nil && k.name() == shard+"/"+name
}

// openRegular opens a regular file by its own name: no link is followed, and no pipe waited for.
func openRegular(root *os.Root, name string, flag int) (*os.File, error) {
	if is, err := root.Lstat(name); err == nil && !is.Mode().IsRegular() {
		return nil, errNotRegular
	}
	file, err := root.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	is, err := root.Lstat(name) // it may have been another one before
	opened, failed := file.Stat()
	if err != nil || failed != nil || !os.SameFile(is, opened) {
		file.Close()
		return nil, errNotRegular
	}
	return file, nil
}

// read reads a group, and checks it.
func (c *Cache) read(k key, buffer []byte) ([]byte, error) {
	file, err := openRegular(c.root, k.name(), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size() - int64(headerSize)
	if size <= 0 || size > int64(min(len(buffer), protocol.GroupSize)) {
		return nil, errDamaged
	}
	var header [headerSize]byte
	data := buffer[:size]
	if _, err := io.ReadFull(file, header[:]); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, err
	}
	value := protocol.Hash(header[headerSize-32:])
	if header != k.header(value) || content.ChainingValue(k.group, data, value == k.hash) != value {
		return nil, errDamaged
	}
	return data, nil
}

// header returns the beginning of a group's file. The value of the one group of a small content is its hash.
func (k key) header(value protocol.Hash) (header [headerSize]byte) {
	at := copy(header[:], magic)
	at += copy(header[at:], k.hash[:])
	binary.LittleEndian.PutUint64(header[at:], k.size)
	binary.LittleEndian.PutUint64(header[at+8:], k.group)
	copy(header[at+16:], value[:])
	return header
}

// store writes a group into a file of another name, which takes its own when it is whole.
func (c *Cache) store(one item) (err error) {
	name := one.name()
	if info, err := c.root.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", name, errNotRegular)
	}
	if err := c.makeShard(one.shard()); err != nil {
		return err
	}
	file, err := c.root.OpenFile(name+unsafe, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	header := one.header(one.value)
	_, err = c.write(file, header[:])
	if err == nil {
		_, err = c.write(file, one.page[:one.size])
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = c.root.Rename(name+unsafe, name)
	}
	if err != nil {
		c.root.Remove(name + unsafe)
	}
	return err
}

// makeShard makes a folder if it is not there.
func (c *Cache) makeShard(name string) error {
	info, err := c.root.Lstat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return c.root.Mkdir(name, 0o700)
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s: it is no folder", name)
	}
	return err
}
