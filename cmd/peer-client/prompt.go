package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

var errNoName = cli.Usage("no file is named: give a name behind the relay's host and port; --list shows what there is")

// prompt asks for a file name, where there is a terminal to ask on, and reads one line of standard
// input. It gives up when ctx is done.
func (c *command) prompt(ctx context.Context) (string, error) {
	typed := cli.IsTerminal(c.stdin)
	if typed && (!cli.IsTerminal(c.stderr) || cli.SpeaksJSON(c.program)) {
		return "", errNoName // the user would not see what is waited for
	}
	return ask(ctx, c.stdin, c.stderr, typed)
}

func ask(ctx context.Context, stdin io.Reader, stderr io.Writer, typed bool) (string, error) {
	if !typed {
		stderr = io.Discard
	}
	fmt.Fprint(stderr, "File name: ")
	type answer struct {
		line string
		err  error
	}
	answered := make(chan answer, 1)
	go func() { // a read from a terminal can't be taken back; the process ends over it
		line, err := bufio.NewReader(stdin).ReadString('\n')
		answered <- answer{strings.TrimRight(line, "\r\n"), err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(stderr)
		return "", interrupted()
	case a := <-answered:
		if a.line == "" && a.err != nil {
			fmt.Fprintln(stderr)
		}
		if a.line == "" {
			return "", errNoName
		}
		return a.line, nil
	}
}
