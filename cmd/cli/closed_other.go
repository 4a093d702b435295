//go:build !linux

package cli

import (
	"io"
	"os"
)

// IsClosed reports whether a stream is closed. One that was closed when the process was started
// cannot be told from a discarded one.
func IsClosed(stream io.Writer) bool {
	file, is := stream.(*os.File)
	if !is {
		return false
	}
	_, err := file.Stat()
	return err != nil
}
