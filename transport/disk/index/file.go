package index

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/transport/disk"
)

// The head of the file names what it is, and the version of its layout.
const (
	headText = "relaypeer index "
	headLine = headText + "2\n"
	headSize = int64(len(headLine))
)

const (
	newSuffix   = ".new"      // of the file that is being made
	asideSuffix = ".damaged-" // of files that were set aside, before the date
	mostAside   = 3           // of them are kept
	mostTorn    = 4 << 20     // bytes at the end that a power failure may leave
	mostPassed  = 64 << 20    // bytes without a record that are passed over; no record behind them counts

	lockWait = time.Second // for another process to leave the file to us
	lockLook = 50 * time.Millisecond
)

var (
	errNoIndex = errors.New("it is no index: move it away, or name another file")
	errVersion = errors.New("it is the index of another version")
)

// openDatabase opens or makes the file, and returns the largest name of a tree in it. What is
// damaged is set aside. While another process has the file open, openDatabase fails after lockWait.
func openDatabase(path string, log hclog.Logger) (d *database, trees uint64, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, 0, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	for range 2 {
		if d, trees, err = tryDatabase(path, log); !isDamage(err) || err != errVersion && !isOurs(path) {
			return d, trees, err
		}
		as, failed := setAside(path)
		if failed != nil {
			return nil, 0, errors.Join(err, failed)
		}
		log.Warn("the index of hashes cannot be used and is made anew: files are hashed anew", "index", path, "why", disk.Reason(err), "kept_as", as)
	}
	return d, trees, err
}

// isDamage reports whether the file itself is the reason of an error, and a new one may do.
func isDamage(err error) bool {
	return err == errNoIndex || err == errVersion || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EIO)
}

// isOurs reports whether a file that is no index may be moved away: it lies among the user's
// caches, or is private, as every index is. A user may have named a wrong file as the index.
func isOurs(path string) bool {
	caches, failed := cacheFolder()
	info, err := os.Lstat(path)
	return failed == nil && filepath.Dir(path) == caches || err == nil && info.Mode() == 0o600
}

func tryDatabase(path string, log hclog.Logger) (*database, uint64, error) {
	opened, size, err := openLocked(path)
	if err != nil {
		return nil, 0, err
	}
	d := newDatabase(path, opened, log)
	if size == 0 {
		_, err = opened.WriteAt([]byte(headLine), 0)
	} else {
		err = d.scan(size)
	}
	if err != nil {
		opened.Close()
		return nil, 0, err
	}
	d.mend(nil)
	d.noteOwn()
	trees := uint64(0)
	for _, place := range d.files.all() {
		trees = max(trees, place.tree)
	}
	return d, trees, nil
}

// openLocked opens the file at a path, for this process alone.
func openLocked(path string) (opened *os.File, size int64, err error) {
	for begin := time.Now(); ; time.Sleep(lockLook) {
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return nil, 0, errors.New("it is no regular file")
		}
		if opened, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
			return nil, 0, err
		}
		if err = disk.Lock(opened); err == nil {
			own, failed := opened.Stat()
			if there, err := os.Stat(path); failed == nil && err == nil && os.SameFile(own, there) {
				return opened, own.Size(), nil
			}
			err = disk.ErrLocked // by a process that has put a new file in its place
		}
		opened.Close()
		if time.Since(begin) > lockWait {
			return nil, 0, err
		}
	}
}

// create makes an empty database file.
func create(path string) (*os.File, error) {
	os.Remove(path)
	made, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err = disk.Lock(made); err == nil {
		_, err = made.WriteAt([]byte(headLine), 0)
	}
	if err != nil {
		made.Close()
		return nil, err
	}
	return made, nil
}

// noteOwn notes which files are the index's own.
func (d *database) noteOwn() {
	for _, path := range append(aside(d.path), d.path) {
		if info, err := os.Stat(path); err == nil {
			d.own[SignatureOf(path, info).Inode] = true
		}
	}
}

// scan finds out which records the file has. It passes over what is none.
func (d *database) scan(size int64) error {
	in := bufio.NewReaderSize(io.NewSectionReader(d.file, 0, math.MaxInt64), 128<<10)
	line, err := in.Peek(len(headLine))
	if err != nil && err != io.EOF {
		return err
	}
	first := string(line)
	named := first == headLine
	if named {
		in.Discard(len(line))
	}
	end, err := d.scanRecords(in, size, named)
	switch {
	case err != nil:
		return err
	case named || d.files.count()+len(d.trees) > 0: // under a head that is damaged, records tell the version by their mark
	case strings.HasPrefix(first, headText):
		return errVersion
	default:
		return errNoIndex
	}
	d.forgetOrphans()
	d.end = end
	d.damaged = d.damaged || !named || size-end > mostTorn
	return nil
}

// scanRecords notes where the records are, and returns where the last one ends. It reads no more
// than mostPassed behind that, whatever size the file claims to have.
func (d *database) scanRecords(in *bufio.Reader, size int64, named bool) (end int64, err error) {
	at := int64(0)
	if named {
		at = headSize
	}
	for end = at; ; {
		head, whole, err := peekRecord(in)
		switch {
		case err == io.EOF:
			return end, nil
		case err != nil:
			return 0, err
		case whole != nil:
			d.damaged = d.damaged || end != at
			d.note(head, at, whole)
			end = at + int64(head.whole())
			in.Discard(head.whole())
			at = end
		default:
			if at += passOver(in); at-end > mostPassed {
				return end, nil
			}
		}
	}
}

// peekRecord returns the next record, or nil if there is none at this place.
func peekRecord(in *bufio.Reader) (head recordHead, whole []byte, err error) {
	b, err := in.Peek(recordSize)
	if err != nil {
		return head, nil, err
	}
	head, sound := readHead(b)
	if !sound {
		return head, nil, nil
	}
	b, err = in.Peek(head.whole())
	if err == io.EOF {
		return head, nil, nil
	}
	if err != nil {
		return head, nil, err
	}
	if _, sound = head.payload(b); !sound {
		return head, nil, nil
	}
	return head, b, nil
}

// passOver discards bytes up to the next mark, and returns how many. A record's head, at least, has been
// peeked at.
func passOver(in *bufio.Reader) int64 {
	b, _ := in.Peek(in.Buffered())
	skip := bytes.Index(b[1:], []byte(mark)) + 1
	if skip == 0 {
		skip = len(b) - len(mark) + 1 // a mark may begin behind that
	}
	in.Discard(skip)
	return int64(skip)
}

// note notes a record that the file has.
func (d *database) note(head recordHead, at int64, record []byte) {
	i := Inode{head.key[0], head.key[1]}
	switch head.kind {
	case ofFile:
		payload, _ := head.payload(record)
		d.noteFile(i, fileAt{at, decode(i, head.value, payload).Tree})
	case ofSegment:
		d.noteSegment(segmentName{head.key[0], head.key[1]}, segmentAt{at, head.whole()})
	case ofNothing:
		d.forgetFile(i)
	}
}

// forgetOrphans forgets the trees that no file has.
func (d *database) forgetOrphans() {
	needed := map[uint64]bool{}
	for _, place := range d.files.all() {
		needed[place.tree] = true
	}
	for name := range d.trees {
		if !needed[name.tree] {
			d.forgetTree(name.tree)
		}
	}
}
