package main

import (
	"cmp"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// printer writes verified content in order.
type printer struct {
	out   io.Writer
	guard bool   // nothing that a terminal would take for commands is written
	rest  []byte // the beginning of a character whose end has not come yet
	err   error

	holes *os.File // out, where zeros can be passed over; nil: they are written
	at    int64    // where the next byte goes in it
}

// newPrinter returns a printer. Zeros take no space in a regular file that ends where it is written
// to: what is passed over was not there before.
func newPrinter(out io.Writer, guard bool) *printer {
	p := &printer{out: out, guard: guard}
	file, is := out.(*os.File)
	if !is {
		return p
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || appends(file) {
		return p
	}
	if at, err := file.Seek(0, io.SeekCurrent); err == nil && at == info.Size() {
		p.holes, p.at = file, at
	}
	return p
}

var errCommands = errors.New(
	"the content has control characters and standard output is a terminal; use -o FILE, or -o - to print it all the same")

// Write implements [io.Writer]. After an error nothing is written any more.
func (p *printer) Write(data []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	text := data
	if p.guard {
		text = append(p.rest, data...)
		rest, is := cli.IsText(text)
		if !is {
			p.err = errCommands
			return 0, p.err
		}
		text, p.rest = text[:len(text)-len(rest)], slices.Clone(rest)
	}
	if p.err = p.put(text); p.err != nil {
		return 0, p.err
	}
	return len(data), nil
}

// put writes, or passes over zeros.
func (p *printer) put(text []byte) error {
	if p.holes == nil {
		_, err := p.out.Write(text)
		return err
	}
	err := disk.Dense(text, func(from int, stretch []byte) error {
		_, err := p.holes.Seek(p.at+int64(from), io.SeekStart)
		if err == nil {
			_, err = p.holes.Write(stretch)
		}
		return err
	})
	if err == nil {
		p.at += int64(len(text))
		_, err = p.holes.Seek(p.at, io.SeekStart)
	}
	return err
}

// end makes the output as long as what was printed, if zeros at its end were passed over. It
// returns an error if a text was printed that ends in the middle of a character.
func (p *printer) end() error {
	if p.err == nil && len(p.rest) > 0 {
		p.err = errCommands
	}
	if p.holes != nil {
		if info, err := p.holes.Stat(); err == nil && info.Size() < p.at {
			p.err = cmp.Or(p.err, p.holes.Truncate(p.at))
		}
	}
	return p.err
}
