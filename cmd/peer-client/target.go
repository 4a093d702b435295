package main

import (
	"io"
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

// openTarget opens what the -o flag names.
func openTarget(output string, names int, stdout, stderr io.Writer) (*target, error) {
	t := &target{}
	if cli.IsTerminal(stderr) {
		t.terminal = stderr
	}
	if output == "" || output == "-" {
		t.out, t.guard = stdout, output == "" && cli.IsTerminal(stdout)
		if cli.IsTerminal(stdout) {
			t.terminal = nil
		}
		return t, nil
	}
	info, err := os.Stat(output)
	switch {
	case err == nil && info.IsDir():
		return t, t.openFolder(output)
	case err == nil && !info.Mode().IsRegular(): // a device or a pipe: nothing can be put in its place
		t.device, err = os.OpenFile(output, os.O_WRONLY, 0)
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
	t.file = filepath.Base(output)
	return t, t.openFolder(filepath.Dir(output))
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
