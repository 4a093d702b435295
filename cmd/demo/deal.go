package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
)

// portion is a demo node's folder, with the names in it.
type portion struct {
	folder string
	names  []string
}

func (s portion) describe() string {
	const most = 4
	if len(s.names) == 0 {
		return "nothing"
	}
	if len(s.names) > most {
		return fmt.Sprintf("%s and %d more files", strings.Join(s.names[:most], ", "), len(s.names)-most)
	}
	return strings.Join(s.names, ", ")
}

// texts are the demo's own files.
var texts = []struct{ name, text string }{
	{"greeting.txt", "Hello from a node that the relay knows.\n"},
	{"verse/rain.txt", "Rain on the harbour,\nthree boats, one rope.\n"},
	{"verse/größe.txt", "Names may have spaces and letters of any script.\n"},
	{"list of birds.txt", "wren\ndunnock\nnuthatch\n"},
	{"empty.txt", ""},
	{"recipe.txt", "Flour, water, salt, time.\n"},
}

// large is a file that every demo node has.
var large = struct {
	name string
	size int // bytes
}{"harbour.raw", 16 << 20}

// deal puts the files of a folder, or the demo's own, into so many folders under top, in turn.
func deal(top, from string, nodes int) ([]portion, error) {
	shares := make([]portion, nodes)
	for i := range shares {
		shares[i].folder = filepath.Join(top, fmt.Sprintf("node-%d", i+1))
		if err := os.Mkdir(shares[i].folder, 0o755); err != nil {
			return nil, err
		}
	}
	dealt := 0
	next := func(name string, put func(path string) error) error {
		to := &shares[dealt%nodes]
		dealt++
		to.names = append(to.names, name)
		path := filepath.Join(to.folder, filepath.FromSlash(name))
		return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), put(path))
	}
	if from == "" {
		for _, t := range texts {
			if err := next(t.name, func(path string) error { return os.WriteFile(path, []byte(t.text), 0o644) }); err != nil {
				return nil, err
			}
		}
		return shares, dealLarge(shares)
	}
	if info, err := os.Stat(from); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("--files: %s is no folder", from)
	}
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(from, path)
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			return err
		case !entry.Type().IsRegular() || protocol.Hidden(name) || protocol.CheckName(name) != nil:
			return nil
		}
		return next(name, func(to string) error { return link(path, to) })
	})
	return shares, err
}

// dealLarge gives every node the large file.
func dealLarge(shares []portion) error {
	first := filepath.Join(shares[0].folder, large.name)
	bytes := make([]byte, large.size)
	rand.Read(bytes)
	if err := os.WriteFile(first, bytes, 0o644); err != nil {
		return err
	}
	for i := range shares {
		shares[i].names = append(shares[i].names, large.name)
		if i == 0 {
			continue
		}
		if err := link(first, filepath.Join(shares[i].folder, large.name)); err != nil {
			return err
		}
	}
	return nil
}

// link gives a file a second name, or copies it where that can't be done.
func link(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, source)
	return errors.Join(err, file.Close())
}

// lastName returns a file that only the last node that has any of its own has.
func lastName(shares []portion) (string, error) {
	for i := len(shares) - 1; i >= 0; i-- {
		for _, name := range slices.Backward(shares[i].names) {
			if name != large.name {
				return name, nil
			}
		}
	}
	return "", errors.New("there is no file to share")
}
