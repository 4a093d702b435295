package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// dirs are the two temporary folders: one where files can be moved fast, if the machine has memory for that, and one
// on the disk. They may be the same.
type dirs struct{ quick, disk string }

func makeDirs(o options) (d dirs, err error) {
	if d.disk, err = os.MkdirTemp(o.diskFolder(), "relaypeer-bench-"); err != nil {
		return d, err
	}
	d.quick = d.disk
	if o.dir != "" {
		d.quick, err = os.MkdirTemp(o.dir, "relaypeer-bench-")
		return d, err
	}
	if memory := "/dev/shm"; room(memory) > o.inMemory() {
		if quick, err := os.MkdirTemp(memory, "relaypeer-bench-"); err == nil {
			d.quick = quick
		}
	}
	return d, nil
}

// diskFolder returns the folder in which to make one that lies on a disk.
func (o *options) diskFolder() string {
	if o.diskDir != "" {
		return o.diskDir
	}
	if info, err := os.Stat("/var/tmp"); err == nil && info.IsDir() {
		return "/var/tmp" // which is on a disk where /tmp is in memory
	}
	return ""
}

// inMemory returns the bytes that a folder in memory has to have room for: what is shared, its
// copy, and as much again for everything else.
func (o *options) inMemory() int64 {
	most := max(int64(o.size), int64(o.large), int64(o.far), int64(o.clients)*int64(o.each))
	return 3 * most
}

func (d dirs) programs() string { return filepath.Join(d.disk, "bin") }

func (d dirs) remove() error { return errors.Join(os.RemoveAll(d.quick), os.RemoveAll(d.disk)) }

// place is a folder that copies go to.
type place struct {
	dir  string
	name string // as the table has it
	disk bool
}

// tmpfs is the file system that is memory.
const tmpfs = "tmpfs"

// memory returns the place in memory, or the one on the disk if there is none.
func (l *lab) memory() place {
	if name := fileSystem(l.quick); name != tmpfs {
		return place{dir: l.quick, name: "on " + name, disk: true}
	}
	return place{dir: l.quick, name: "in memory"}
}

// onDisk returns the place on a disk, if it is one and is not the other place as well.
func (l *lab) onDisk(bytes int64) (p place, is bool) {
	name := fileSystem(l.disk)
	switch {
	case name == tmpfs:
		l.note("there is no disk below %s: rows about one were left out; --disk names another folder", filepath.Dir(l.disk))
	case fileSystem(l.quick) != tmpfs:
		l.note("there is no room in memory: rows about it were left out")
	case bytes > freeOn(l.disk)/2:
		l.note("%s has too little room: some rows about a disk were left out", l.disk)
	default:
		return place{dir: l.disk, name: "on " + name, disk: true}, true
	}
	return p, false
}

// places returns all places that have room for so many bytes.
func (l *lab) places(bytes int64) []place {
	all := []place{l.memory()}
	if p, is := l.onDisk(bytes); is {
		all = append(all, p)
	}
	return all
}

// settled removes what lies under a path in the place, and waits until the disk has everything
// that was written before: whoever comes next has it to itself.
func (p place) settled(path string) error {
	if err := os.RemoveAll(path); err != nil || !p.disk {
		return err
	}
	if err := syncFileSystem(p.dir); err != nil {
		return fmt.Errorf("sync of %s: %w", p.dir, err)
	}
	return nil
}
