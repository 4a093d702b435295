package index

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/transport/disk"
)

// mend makes the file anew if some of it is damaged or gone, or most of it is waste. What is damaged
// is set aside. It ends early, without having done anything, when stop is closed.
func (d *database) mend(stop <-chan struct{}) {
	damaged, due := d.isWorn()
	there, err := os.Stat(d.path)
	removed := errors.Is(err, fs.ErrNotExist)
	switch {
	case !due && !removed, time.Now().Before(d.rests):
		return
	case !removed && (err != nil || !d.isAt(there)):
		return // another file is in its place: it is somebody's
	}
	as, err := d.renew(damaged && !removed, stop)
	switch {
	case err != nil && err != os.ErrClosed:
		d.rests = time.Now().Add(mendGap)
		d.log.Warn("the index of hashes cannot be made anew for the moment", "index", d.path, "why", disk.Reason(err))
	case err == nil && (damaged || removed):
		d.log.Warn("the index of hashes is damaged: the rest of it is kept, and some files are hashed anew", "index", d.path, "kept_as", as)
	}
}

// isWorn reports whether some of the file is damaged, and whether that or its waste is a reason to
// make it anew.
func (d *database) isWorn() (damaged, due bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	damaged = d.damaged
	if info, err := d.file.Stat(); err == nil && info.Size() < d.end {
		damaged = true
	}
	return damaged, damaged || d.waste > fewWaste && d.waste > d.end/2
}

// isAt reports whether a file is the one of the database.
func (d *database) isAt(info fs.FileInfo) bool {
	own, err := d.file.Stat()
	return err == nil && os.SameFile(own, info)
}

// renew puts a file in place that has what counts and nothing else. On request the file before is
// set aside.
func (d *database) renew(keep bool, stop <-chan struct{}) (as string, err error) {
	made, err := create(d.path + newSuffix)
	if err != nil {
		return "", err
	}
	fresh := newDatabase(d.path, made, d.log)
	if err = d.copyTo(fresh, stop); err == nil && keep {
		as, err = setAside(d.path)
	}
	if err == nil {
		err = os.Rename(d.path+newSuffix, d.path)
	}
	if err != nil {
		made.Close()
		os.Remove(d.path + newSuffix)
		return as, err
	}
	syncFolder(filepath.Dir(d.path))
	d.mu.Lock()
	old := d.file
	d.file, d.end, d.waste, d.files, d.trees, d.last = made, fresh.end, 0, fresh.files, fresh.trees, fresh.last
	d.damaged = false
	d.noteOwn()
	d.mu.Unlock()
	old.Close()
	return as, nil
}

// copyTo copies all records that count and can be read.
func (d *database) copyTo(fresh *database, stop <-chan struct{}) error {
	w := fresh.appender()
	for name := range maps.Clone(d.trees) {
		select {
		case <-stop:
			return os.ErrClosed
		default:
		}
		if value, tree, sound := d.segment(name); sound {
			record := appendRecord(nil, ofSegment, name.key(), value, tree)
			w.add(record, func(at int64) { fresh.noteSegment(name, segmentAt{at, len(record)}) })
		}
	}
	for _, i := range d.dead(nil) {
		if r, sound := d.get(i); sound {
			w.add(appendRecord(nil, ofFile, i.key(), r.Hash, r.encode()), func(at int64) { fresh.noteFile(i, fileAt{at, r.Tree}) })
		}
	}
	return w.finish()
}

// setAside gives the file another name, under which nobody looks for it. If some were set aside
// before, those show what happens, and the file is removed.
func setAside(path string) (as string, err error) {
	if len(aside(path)) >= mostAside {
		return "", os.Remove(path)
	}
	for as, n := path+asideSuffix+time.Now().UTC().Format("20060102T150405"), 0; ; n++ {
		if n > 0 {
			as = fmt.Sprintf("%s-%d", as, n)
		}
		if _, err := os.Lstat(as); errors.Is(err, fs.ErrNotExist) {
			return as, os.Rename(path, as)
		}
	}
}

// aside returns the files that were set aside.
func aside(path string) (found []string) {
	entries, _ := os.ReadDir(filepath.Dir(path))
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), filepath.Base(path)+asideSuffix) {
			found = append(found, filepath.Join(filepath.Dir(path), entry.Name()))
		}
	}
	return found
}

func syncFolder(path string) {
	if folder, err := os.Open(path); err == nil {
		folder.Sync()
		folder.Close()
	}
}
