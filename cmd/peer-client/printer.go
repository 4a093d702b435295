package main

import (
	"errors"
	"io"
	"slices"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// printer writes verified content in order.
type printer struct {
	out   io.Writer
	guard bool   // nothing that a terminal would take for commands is written
	rest  []byte // the beginning of a character whose end has not come yet
	err   error
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
	if _, p.err = p.out.Write(text); p.err != nil {
		return 0, p.err
	}
	return len(data), nil
}

// end returns an error if a text was printed that ends in the middle of a character.
func (p *printer) end() error {
	if p.err == nil && len(p.rest) > 0 {
		p.err = errCommands
	}
	return p.err
}
