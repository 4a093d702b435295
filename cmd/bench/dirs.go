package main

import (
	"errors"
	"os"
	"path/filepath"
)

// dirs are the two temporary folders: one where files can be moved fast, if the machine has memory for that, and one
// on the disk. They may be the same.
type dirs struct{ quick, disk string }

func makeDirs(o options) (d dirs, err error) {
	if d.disk, err = os.MkdirTemp(o.dir, "relaypeer-bench-"); err != nil {
		return d, err
	}
	d.quick = d.disk
	// The source and its copy, both of the largest size.
	if memory := "/dev/shm"; o.dir == "" && room(memory) > 3*int64(max(o.size, o.large)) {
		if quick, err := os.MkdirTemp(memory, "relaypeer-bench-"); err == nil {
			d.quick = quick
		}
	}
	return d, nil
}

func (d dirs) programs() string { return filepath.Join(d.disk, "bin") }

// inMemory reports whether the quick folder is another than that on the disk.
func (d dirs) inMemory() bool { return d.quick != d.disk }

func (d dirs) remove() error { return errors.Join(os.RemoveAll(d.quick), os.RemoveAll(d.disk)) }
