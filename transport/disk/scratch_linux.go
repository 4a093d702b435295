package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

// nameless returns a new file in a folder, without a name from the beginning on. Some file systems
// have none such.
func nameless(folder string) (*os.File, error) {
	return os.OpenFile(folder, os.O_RDWR|os.O_EXCL|unix.O_TMPFILE, 0o600)
}
