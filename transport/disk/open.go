package disk

import (
	"os"
	"path/filepath"
	"strings"
)

// OpenFolder opens a folder. Where the path leads to a named pipe it fails, as for any file; os.OpenRoot
// would wait for a writer.
func OpenFolder(path string) (*os.Root, error) {
	if separator := string(filepath.Separator); !strings.HasSuffix(path, separator) {
		path += separator
	}
	return os.OpenRoot(path)
}
