package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// makeFile writes a file that cannot be compressed, the same for the same seed.
func makeFile(path string, bytes int64, seed byte) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	_, err = io.CopyN(out, rand.NewChaCha8([32]byte{seed}), bytes)
	return errors.Join(err, out.Flush(), file.Close())
}

// makeSparse writes a file that takes no room but has some bytes at its beginning.
func makeSparse(path string, bytes int64) error {
	if err := makeFile(path, min(bytes, 1<<10), 3); err != nil {
		return err
	}
	return os.Truncate(path, bytes)
}

// makeMany writes files of some bytes into a folder, each with its own content, so many in each of its sub-folders.
func makeMany(folder string, files, bytes, each int) error {
	random := rand.NewChaCha8([32]byte{4})
	block := make([]byte, bytes)
	for i := range files {
		path := filepath.Join(folder, manyName(i, each))
		if i%each == 0 {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
		}
		random.Read(block)
		binary.BigEndian.PutUint32(block, uint32(i))
		if err := os.WriteFile(path, block, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func manyName(i, each int) string { return fmt.Sprintf("%03d/%06d", i/each, i) }

// sameFile says whether two files have the same content.
func sameFile(one, other string) error {
	a, err := os.Open(one)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(other)
	if err != nil {
		return err
	}
	defer b.Close()
	left, right := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, errA := io.ReadFull(a, left)
		m, errB := io.ReadFull(b, right)
		if n != m || !bytes.Equal(left[:n], right[:m]) {
			return fmt.Errorf("%s came wrong", filepath.Base(other))
		}
		if errA != nil || errB != nil {
			if ended(errA) && ended(errB) {
				return nil
			}
			return errors.Join(errA, errB)
		}
	}
}

func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// sameMany says whether all of the many files are in a folder as they are in another.
func sameMany(from, to string, files, each int) error {
	for i := range files {
		if err := sameFile(filepath.Join(from, manyName(i, each)), filepath.Join(to, manyName(i, each))); err != nil {
			return err
		}
	}
	return nil
}
