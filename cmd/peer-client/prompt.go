package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// prompt asks for a file name and reads one line. It gives up when ctx is done.
func prompt(ctx context.Context, stdin io.Reader, stderr io.Writer) (string, error) {
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
			return "", cli.Usage("no file name given")
		}
		return a.line, nil
	}
}
