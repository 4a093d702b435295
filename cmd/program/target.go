package program

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/relaypeer/relaypeer/transport/disk/store"
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

// folder reports whether each file goes under its own name.
func (t *target) folder() bool { return t.root != nil && t.file == "" }

// parseTarget reads the -o flag.
func parseTarget(output string, names int, stdout, stderr io.Writer) (*target, error) {
	t := &target{}
	if isTerminal(stderr) {
		t.terminal = stderr
	}
	if output == "" || output == "-" {
		t.out, t.guard = stdout, output == "" && isTerminal(stdout)
		if isTerminal(stdout) {
			t.terminal = nil
		}
		return t, nil
	}
	folder := output
	if info, err := os.Stat(output); err == nil && info.IsDir() {
		// as it is
	} else if err == nil && !info.Mode().IsRegular() { // a device or a pipe: nothing can be put in its place
		t.device, err = os.OpenFile(output, os.O_WRONLY, 0)
		t.out = t.device
		return t, err
	} else if strings.HasSuffix(output, "/") {
		if err := os.MkdirAll(output, 0o777); err != nil {
			return nil, err
		}
	} else if names > 1 {
		return nil, usage("-o %s: several files go into a folder that is there, or whose name ends in a slash", output)
	} else {
		folder, t.file = filepath.Dir(output), filepath.Base(output)
	}
	root, err := os.OpenRoot(folder)
	t.root = root
	return t, err
}

func isTerminal(stream any) bool {
	file, is := stream.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}

func (t *target) close() {
	if t.root != nil {
		t.root.Close()
	}
	if t.device != nil {
		t.device.Close()
	}
}

// named returns the name under which a file arrives.
func (t *target) named(name string) string {
	if t.file != "" {
		return t.file
	}
	return name
}

// place returns where a file of that name goes.
func (t *target) place(name string) place {
	if t.out != nil {
		return printing(t.out, t.guard)
	}
	return store.NewPart(t.root, t.named(name))
}

// printer writes verified content in order. It remembers what went wrong, for what a machine is told of it is a line.
type printer struct {
	out   io.Writer
	guard bool   // nothing that a terminal would take for commands
	rest  []byte // the beginning of a character whose end has not come yet
	err   error
}

var errCommands = errors.New(
	"the content has control characters and standard output is a terminal; use -o FILE, or -o - to print it all the same")

func (p *printer) Write(data []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	text := data
	if p.guard {
		text = append(p.rest, data...)
		rest, ok := printable(text)
		if !ok {
			p.err = errCommands
			return 0, p.err
		}
		text, p.rest = text[:len(text)-len(rest)], slices.Clone(rest)
	}
	if _, p.err = p.out.Write(text); p.err != nil {
		return 0, p.err
	}
	return len(data), nil
}

// end says whether what was printed is a whole text.
func (p *printer) end() error {
	if p.err == nil && len(p.rest) > 0 {
		p.err = errCommands
	}
	return p.err
}

// printable reports whether text has no control characters, and returns what it ends with of an unfinished character.
func printable(text []byte) (rest []byte, ok bool) {
	for len(text) > 0 && utf8.FullRune(text) {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 || unicode.IsControl(r) && !strings.ContainsRune("\n\r\t\f", r) {
			return nil, false
		}
		text = text[size:]
	}
	return text, true
}
