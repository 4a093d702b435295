package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/relaypeer/relaypeer/transport/disk"
)

// target is where fetched files go: standard output, one file, or a folder.
type target struct {
	out      io.Writer // where to print; nil: to root
	device   *os.File  // out, where it is ours to close
	guard    bool      // out is a terminal, and must not be sent control characters
	root     *os.Root
	file     string    // the one file in root; "": each under its own name
	progress io.Writer // the terminal for a progress bar, or nil
}

// parseTarget reads the -o flag.
func parseTarget(output string, names int, stdout, stderr io.Writer) (*target, error) {
	t := &target{}
	if isTerminal(stderr) {
		t.progress = stderr
	}
	if output == "" || output == "-" {
		t.out, t.guard = stdout, output == "" && isTerminal(stdout)
		if isTerminal(stdout) {
			t.progress = nil
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

func (t *target) path(name string) string {
	if t.file != "" {
		return t.file
	}
	return path.Clean(name)
}

func (t *target) spool(name string) (*disk.Spool, error) {
	if t.out != nil {
		return disk.Temporary()
	}
	return disk.Beside(t.root, t.path(name))
}

// deliver puts a whole file where it belongs and ends the spool.
func (t *target) deliver(ctx context.Context, name string, spool *disk.Spool) error {
	if t.out == nil {
		return spool.Keep(t.path(name))
	}
	return errors.Join(t.print(ctx, spool), spool.Discard())
}

func (t *target) print(ctx context.Context, spool *disk.Spool) error {
	if t.guard {
		content, err := spool.Reader()
		if err != nil {
			return err
		}
		if err := checkPrintable(content); err != nil {
			return err
		}
	}
	content, err := spool.Reader()
	if err != nil {
		return err
	}
	_, err = io.Copy(t.out, interruptible{ctx, content})
	return err
}

// interruptible is a reader that ends with the context: a pager that is not read must not hold an interrupt up.
type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// checkPrintable refuses content that a terminal would take for commands.
func checkPrintable(content io.Reader) error {
	refused := errors.New("the content has control characters and standard output is a terminal; use -o FILE, or -o - to print it all the same")
	window, rest := make([]byte, 64<<10), 0
	for {
		n, err := content.Read(window[rest:])
		text := window[:rest+n]
		for len(text) > 0 && (utf8.FullRune(text) || err != nil) {
			r, size := utf8.DecodeRune(text)
			if r == utf8.RuneError && size == 1 || unicode.IsControl(r) && !strings.ContainsRune("\n\r\t\f", r) {
				return refused
			}
			text = text[size:]
		}
		rest = copy(window, text)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading back what was received: %w", err)
		}
	}
}
