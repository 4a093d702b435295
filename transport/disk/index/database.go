package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/relaypeer/relaypeer/protocol/content"
)

// database is the file in which an index outlives the program. A damaged page is an error like
// others, never the end of the node.
type database struct{ bolt *bbolt.DB }

// reader returns the value of a segment in the database, or nil. The value is valid until the read
// is over.
type reader func(segmentName) []byte

// The names of the buckets carry the version of the layout in them.
var (
	filesBucket = []byte("files 1")
	treesBucket = []byte("trees 1")
)

const (
	lockWait  = time.Second // for another process to leave the file to us
	fillFiles = 0.9         // of a page: neighbouring inodes are mostly written in order
)

// openDatabase opens or makes the file, and returns the largest name of a tree in it. While another
// process has the file open, openDatabase fails after lockWait.
func openDatabase(path string) (d *database, trees uint64, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, 0, err
	}
	err = guard(func() error {
		bolt, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
		if err != nil {
			return err
		}
		d = &database{bolt}
		return bolt.Update(func(tx *bbolt.Tx) error {
			for _, name := range [][]byte{filesBucket, treesBucket} {
				if _, err := tx.CreateBucketIfNotExists(name); err != nil {
					return err
				}
			}
			if last, _ := tx.Bucket(treesBucket).Cursor().Last(); len(last) == keySize {
				trees = number(last)
			}
			return nil
		})
	})
	if err != nil && d != nil {
		d.close()
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = fmt.Errorf("another process has it open")
	}
	return d, trees, err
}

func (d *database) close() error { return guard(d.bolt.Close) }

// guard turns a panic over a damaged page into an error.
func guard(f func() error) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("the file is damaged: %v", failure)
		}
	}()
	return f()
}

// get returns the record of a file.
func (d *database) get(i Inode) (r Record, there bool) {
	guard(func() error {
		return d.bolt.View(func(tx *bbolt.Tx) error {
			r, there = decode(i, tx.Bucket(filesBucket).Get(i.key()))
			return nil
		})
	})
	return r, there
}

// read calls f with a reader of segments.
func (d *database) read(f func(reader) error) error {
	return guard(func() error {
		return d.bolt.View(func(tx *bbolt.Tx) error {
			trees := tx.Bucket(treesBucket)
			return f(func(name segmentName) []byte { return trees.Get(name.key()) })
		})
	})
}

func (name segmentName) key() []byte { return Inode{name.tree, name.number}.key() }

// write writes a batch and removes the trees that it replaces.
func (d *database) write(b *batch) error {
	return guard(func() error {
		return d.bolt.Update(func(tx *bbolt.Tx) error {
			files, trees := tx.Bucket(filesBucket), tx.Bucket(treesBucket)
			files.FillPercent = fillFiles
			dropped := b.dropped
			for i := range b.gone {
				dropped = append(dropped, treeOf(files, i, 0)...)
				if err := files.Delete(i.key()); err != nil {
					return err
				}
			}
			for _, i := range b.inodes() {
				r := b.records[i]
				dropped = append(dropped, treeOf(files, i, r.Tree)...)
				if err := files.Put(i.key(), r.encode()); err != nil {
					return err
				}
			}
			return writeTrees(trees, b, dropped)
		})
	})
}

// inodes returns the batch's files in the order of the database.
func (b *batch) inodes() []Inode {
	inodes := make([]Inode, 0, len(b.records))
	for i := range b.records {
		inodes = append(inodes, i)
	}
	slices.SortFunc(inodes, func(a, b Inode) int { return bytes.Compare(a.key(), b.key()) })
	return inodes
}

// treeOf returns the tree that the database has for a file, if it is not the one to be kept.
func treeOf(files *bbolt.Bucket, i Inode, kept uint64) []uint64 {
	if r, there := decode(i, files.Get(i.key())); there && r.Tree != 0 && r.Tree != kept {
		return []uint64{r.Tree}
	}
	return nil
}

func writeTrees(trees *bbolt.Bucket, b *batch, dropped []uint64) error {
	for _, tree := range dropped {
		prefix := binary.BigEndian.AppendUint64(nil, tree)
		c := trees.Cursor()
		for key, _ := c.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = c.Seek(prefix) {
			if err := c.Delete(); err != nil {
				return err
			}
		}
	}
	for name, s := range b.segments {
		_, tree := content.Subtree(s.values)
		if err := trees.Put(name.key(), append(s.value[:], tree...)); err != nil {
			return err
		}
	}
	return nil
}

// records returns the number of records in the database.
func (d *database) records() (n int) {
	guard(func() error {
		return d.bolt.View(func(tx *bbolt.Tx) error {
			n = tx.Bucket(filesBucket).Stats().KeyN
			return nil
		})
	})
	return n
}

// dead returns the files in the database that are not in live.
func (d *database) dead(live map[Inode]bool) (dead []Inode) {
	guard(func() error {
		return d.bolt.View(func(tx *bbolt.Tx) error {
			return tx.Bucket(filesBucket).ForEach(func(key, _ []byte) error {
				if len(key) != keySize {
					return nil
				}
				if i := (Inode{number(key), number(key[8:])}); !live[i] {
					dead = append(dead, i)
				}
				return nil
			})
		})
	})
	return dead
}
