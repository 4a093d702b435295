package disk

import (
	"errors"
	"io/fs"
	"os"
)

// Scratch returns a new file in the system's temporary folder (TMPDIR). It has no name there, or
// only until it is closed on a system that cannot remove an open file. So nothing is left of it when
// the process ends.
func Scratch() (*ScratchFile, error) {
	file, err := nameless(os.TempDir())
	if err == nil {
		return &ScratchFile{File: file}, nil
	}
	file, err = os.CreateTemp("", "relaypeer-*")
	if err != nil {
		return nil, err
	}
	if os.Remove(file.Name()) != nil {
		return &ScratchFile{file, file.Name()}, nil
	}
	return &ScratchFile{File: file}, nil
}

// ScratchFile is a file of Scratch.
type ScratchFile struct {
	*os.File
	named string // where it lies; empty: it has no name
}

// Close closes and removes the file.
func (f *ScratchFile) Close() error {
	err := f.File.Close()
	if f.named == "" {
		return err
	}
	if removing := os.Remove(f.named); !errors.Is(removing, fs.ErrNotExist) {
		err = errors.Join(err, removing)
	}
	return err
}
