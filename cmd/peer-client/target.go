package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// target is where fetched files go: standard output, one file, or a folder.
type target struct {
	out      io.Writer // where to print; nil: to root
	device   *os.File  // out, where it is ours to close
	guard    bool      // out is a terminal, and must not be sent control characters
	root     *os.Root
	file     string    // the one file in root; "": each under its own name
	terminal io.Writer // the terminal for a progress bar, or nil
	made     []string  // folders that were made for it, the deepest first
}

// openTarget opens what the -o flag names. A pipe is waited for until it has a reader.
func openTarget(ctx context.Context, output string, names int, stdout, stderr io.Writer) (*target, error) {
	t := &target{}
	if cli.IsTerminal(stderr) {
		t.terminal = stderr
	}
	if output == "" || output == "-" {
		return t, t.print(stdout, output == "")
	}
	to, descriptor, err := leadsTo(output)
	switch {
	case err != nil:
		return nil, err
	case descriptor == 1:
		return t, t.print(stdout, false)
	case descriptor >= 0:
		return t, t.openDescriptor(descriptor)
	}
	info, err := os.Stat(to)
	switch {
	case err == nil && info.IsDir():
		return t, t.openFolder(output)
	case err == nil && !info.Mode().IsRegular(): // a device or a pipe: nothing can be put in its place
		t.device, err = openDevice(ctx, to, info.Mode())
		t.out = t.device
		return t, err
	case strings.HasSuffix(output, "/"):
		if err := t.make(output); err != nil {
			return nil, noTarget(output, filepath.Clean(output), err)
		}
		return t, t.openFolder(output)
	case names > 1:
		return nil, cli.Usage("-o %s: several files go into a folder that is there, or whose name ends in a slash", output)
	}
	folder, file := filepath.Split(to)
	if file == "" || file == "." || file == ".." {
		return nil, &fs.PathError{Op: "open", Path: output, Err: errNoFolder}
	}
	t.file, folder = file, cmp.Or(folder, ".")
	if err := t.openFolder(folder); err != nil {
		return nil, noTarget(output, filepath.Clean(folder), err)
	}
	return t, nil
}

// print has files go to standard output.
func (t *target) print(stdout io.Writer, guard bool) error {
	if cli.IsClosed(stdout) {
		return failure(cli.ExitFailure, "standard output is closed")
	}
	t.out, t.guard = stdout, guard && cli.IsTerminal(stdout)
	if cli.IsTerminal(stdout) {
		t.terminal = nil
	}
	return nil
}

// openDescriptor has files go to a descriptor that the process was started with.
func (t *target) openDescriptor(number int) (err error) {
	t.device, err = inherited(number)
	t.out = t.device
	return err
}

// noTarget says why a target cannot be in its folder, and what to do.
func noTarget(output, folder string, err error) error {
	info, unknown := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return failure(cli.ExitFailure, "-o %s: there is no folder %s: make it, or write -o %s/ to have it made", output, folder, folder)
	case errors.Is(err, syscall.ENOTDIR) || unknown == nil && !info.IsDir():
		return failure(cli.ExitFailure, "-o %s: %s is not a folder", output, folder)
	}
	return failure(cli.ExitFailure, "-o %s: %v", output, err)
}

func (t *target) openFolder(path string) (err error) {
	t.root, err = os.OpenRoot(path)
	return err
}

// printsTo reports whether what the -o flag names is standard output: by no name, by -, or by a
// path like /dev/fd/1.
func printsTo(output string, stdout io.Writer) bool {
	if output == "" || output == "-" {
		return true
	}
	file, is := stdout.(*os.File)
	if !is {
		return false
	}
	named, err := os.Stat(output)
	out, closed := file.Stat()
	return err == nil && closed == nil && os.SameFile(named, out)
}

// make makes a folder and those above it.
func (t *target) make(folder string) error {
	for above := filepath.Clean(folder); ; above = filepath.Dir(above) {
		if _, err := os.Lstat(above); err == nil || above == filepath.Dir(above) {
			break
		}
		t.made = append(t.made, above)
	}
	return os.MkdirAll(folder, 0o777)
}

// close closes what is open, and takes the folders away that were made and are empty.
func (t *target) close() {
	if t.root != nil {
		t.root.Close()
	}
	for _, folder := range t.made {
		if os.Remove(folder) != nil { // there is something in it
			break
		}
	}
	if t.device != nil {
		t.device.Close()
	}
}

// isFolder reports whether each file goes under its own name.
func (t *target) isFolder() bool { return t.root != nil && t.file == "" }

// path returns where a file arrives, or "" where it is printed.
func (t *target) path(name string) string {
	if t.root == nil {
		return ""
	}
	return filepath.Join(t.root.Name(), filepath.FromSlash(t.named(name)))
}

// named returns the name under which a file arrives.
func (t *target) named(name string) string {
	if t.file != "" {
		return t.file
	}
	return name
}
