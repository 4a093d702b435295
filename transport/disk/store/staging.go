package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/relaypeer/relaypeer/transport/disk"
)

// mostOpens bounds the attempts to make a batch's folder: before it is locked, a batch that sweeps
// may take it for a leftover.
const mostOpens = 16

// open makes the batch's folder and locks it, so that no other process takes it for a leftover.
func (b *Batch) open() (err error) {
	for range mostOpens {
		if err = b.tryOpen(); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errBusy) {
			return err
		}
	}
	return err
}

func (b *Batch) tryOpen() error {
	var mark [8]byte
	rand.Read(mark[:])
	b.folder = disk.BatchPrefix + hex.EncodeToString(mark[:])
	if err := attempt("make the batch's folder", func() error { return b.root.Mkdir(b.folder, 0o777) }); err != nil {
		return err
	}
	var err error
	if b.locked, err = obtain("open the batch's folder", func() (*os.File, error) { return b.root.Open(b.folder) }); err != nil {
		return errors.Join(err, b.root.RemoveAll(b.folder))
	}
	err = attempt("lock the batch's folder", func() error { return lock(b.locked) })
	if errors.Is(err, errBusy) { // it is being swept
		return errors.Join(err, b.locked.Close())
	}
	if err == nil {
		err = b.openStaging()
	}
	if err != nil {
		return errors.Join(err, b.closeStaging(), b.root.RemoveAll(b.folder), b.locked.Close())
	}
	return nil
}

func (b *Batch) openStaging() (err error) {
	for i := range b.staging {
		name := b.folder + "/" + strconv.Itoa(i)
		if err := attempt("make a staging folder", func() error { return b.root.Mkdir(name, 0o777) }); err != nil {
			return err
		}
		if b.staging[i], err = openDir(b.root, name); err != nil {
			return err
		}
	}
	return nil
}

func (b *Batch) closeStaging() (err error) {
	for i, staging := range b.staging {
		if staging != nil {
			err = errors.Join(err, staging.close())
		}
		b.staging[i] = nil
	}
	return err
}

// sweep removes the folders of batches whose processes are gone.
func sweep(root *os.Root) {
	top, err := root.Open(".")
	if err != nil {
		return
	}
	defer top.Close()
	for {
		entries, err := top.ReadDir(256)
		for _, entry := range entries {
			if entry.IsDir() && strings.HasPrefix(entry.Name(), disk.BatchPrefix) {
				removeLeft(root, entry.Name())
			}
		}
		if err != nil {
			return
		}
	}
}

func removeLeft(root *os.Root, folder string) {
	left, err := root.Open(folder)
	if err != nil {
		return
	}
	defer left.Close()
	if lock(left) == nil {
		root.RemoveAll(folder)
	}
}
