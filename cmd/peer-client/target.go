package main

import (
	"cmp"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
		if err := os.MkdirAll(output, 0o777); err != nil {
			return nil, err
		}
		return t, t.openFolder(output)
	case names > 1:
		return nil, cli.Usage("-o %s: several files go into a folder that is there, or whose name ends in a slash", output)
	}
	folder, file := filepath.Split(to)
	if file == "" || file == "." || file == ".." {
		return nil, &fs.PathError{Op: "open", Path: output, Err: errNoFolder}
	}
	t.file = file
	return t, t.openFolder(cmp.Or(folder, "."))
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

func (t *target) openFolder(path string) (err error) {
	t.root, err = os.OpenRoot(path)
	return err
}

func (t *target) close() {
	if t.root != nil {
		t.root.Close()
	}
	if t.device != nil {
		t.device.Close()
	}
}

// isFolder reports whether each file goes under its own name.
func (t *target) isFolder() bool { return t.root != nil && t.file == "" }

// named returns the name under which a file arrives.
func (t *target) named(name string) string {
	if t.file != "" {
		return t.file
	}
	return name
}
