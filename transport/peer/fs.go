package peer

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// FS is an [fs.FS], [fs.ReadDirFS] and [fs.StatFS] over the files that were published at one
// moment. A name stands for the content that most nodes had then, and is opened with that content
// or not at all. A file is left out where a folder has to be. Modification times, of files that are
// open as well, are those that nodes had published then, in seconds; folders have none. Its methods may
// be called from any goroutine.
type FS struct {
	client *Client
	ctx    context.Context
	files  []published // sorted, each name once
}

// published is a name with its content.
type published struct {
	name string
	client.Identity
	modified uint64 // as of client.Offer
}

func (p *published) info() info {
	return info{name: path.Base(p.name), size: p.Size, modified: protocol.TimeOf(p.modified)}
}

// FS asks the relay once for all names that are published. Its memory grows with their number. ctx
// also ends every wait of the files that are opened.
func (c *Client) FS(ctx context.Context) (*FS, error) {
	offers, err := c.ListAll(ctx, "", false)
	if err != nil {
		return nil, err
	}
	f := &FS{client: c, ctx: ctx, files: make([]published, 0, len(offers))}
	for _, offer := range offers { // the content that most nodes have is the first of its name
		if last := len(f.files) - 1; !offer.Hash.IsZero() && (last < 0 || f.files[last].name != offer.Name) {
			f.files = append(f.files, published{offer.Name, offer.Identity, offer.Modified})
		}
	}
	return f, nil
}

// Open implements [fs.FS]. A file is a [*File], a folder an [fs.ReadDirFile].
func (f *FS) Open(name string) (fs.File, error) {
	is, at, err := f.look("open", name)
	if err != nil {
		return nil, err
	}
	if is.folder {
		return &folder{info: is, name: name, rest: f.entries(name)}, nil
	}
	file, err := f.client.Open(f.ctx, Request{Name: name, Hash: at.Hash})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	file.modified = is.modified
	return file, nil
}

// Stat implements [fs.StatFS]. Nobody is asked.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	is, _, err := f.look("stat", name)
	if err != nil {
		return nil, err
	}
	return is, nil
}

// ReadDir implements [fs.ReadDirFS]. Nobody is asked.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	is, _, err := f.look("readdir", name)
	switch {
	case err != nil:
		return nil, err
	case !is.folder:
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fmt.Errorf("%w: not a folder", fs.ErrInvalid)}
	}
	return f.entries(name), nil
}

// look returns the folder of a name, or the file and its content.
func (f *FS) look(op, name string) (info, published, error) {
	if !fs.ValidPath(name) {
		return info{}, published{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name == "." || len(f.below(name)) > 0 {
		return info{name: path.Base(name), folder: true}, published{}, nil
	}
	at, found := find(f.files, name)
	if !found {
		return info{}, published{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return f.files[at].info(), f.files[at], nil
}

// find returns where a name is or would be.
func find(files []published, name string) (at int, found bool) {
	return slices.BinarySearchFunc(files, name, func(p published, name string) int { return strings.Compare(p.name, name) })
}

// below returns the files in a folder and in those within it: they stand one after the other.
func (f *FS) below(folder string) []published {
	if folder == "." {
		return f.files
	}
	from, _ := find(f.files, folder+"/")
	return f.files[from : from+within(f.files[from:], folder)]
}

// within returns how many of the files, from the first one on, are in a folder.
func within(files []published, folder string) int {
	end, _ := find(files, folder+afterSlash)
	return end
}

// afterSlash is the character that follows the slash.
const afterSlash = string(rune('/' + 1))

// entries returns the content of a folder, sorted.
func (f *FS) entries(folder string) (entries []fs.DirEntry) {
	prefix := ""
	if folder != "." {
		prefix = folder + "/"
	}
	for rest := f.below(folder); len(rest) > 0; {
		name, _, deeper := strings.Cut(rest[0].name[len(prefix):], "/")
		if deeper {
			entries = append(entries, info{name: name, folder: true})
			rest = rest[within(rest, prefix+name):]
		} else {
			entries = append(entries, rest[0].info())
			rest = rest[1:]
		}
	}
	// A folder comes ahead of the file in its way, which is left out.
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int {
		return cmp.Or(strings.Compare(a.Name(), b.Name()), cmp.Compare(b.Type(), a.Type()))
	})
	return slices.CompactFunc(entries, func(a, b fs.DirEntry) bool { return a.Name() == b.Name() })
}

// folder is an open folder.
type folder struct {
	info
	name string
	rest []fs.DirEntry
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *folder) Close() error { return nil }

func (f *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: fmt.Errorf("%w: a folder", fs.ErrInvalid)}
}

// ReadDir implements [fs.ReadDirFile].
func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(f.rest) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(f.rest) {
		n = len(f.rest)
	}
	some := f.rest[:n:n]
	f.rest = f.rest[n:]
	return some, nil
}

// info describes a file or a folder: an [fs.FileInfo] and an [fs.DirEntry].
type info struct {
	name   string
	size   uint64
	folder bool

	modified time.Time
}

func (i info) Name() string               { return i.name }
func (i info) Size() int64                { return int64(i.size) }
func (i info) ModTime() time.Time         { return i.modified }
func (i info) IsDir() bool                { return i.folder }
func (i info) Sys() any                   { return nil }
func (i info) Type() fs.FileMode          { return i.Mode().Type() }
func (i info) Info() (fs.FileInfo, error) { return i, nil }
func (i info) String() string             { return fs.FormatDirEntry(i) }

// Mode returns that everybody may read it.
func (i info) Mode() fs.FileMode {
	if i.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
