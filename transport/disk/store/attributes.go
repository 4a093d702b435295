package store

import (
	"io/fs"
	"os"

	"github.com/relaypeer/relaypeer/protocol"
)

// adopt gives an open file the attributes that were said of its content. A file system that cannot
// have them is no reason to do without the content.
func adopt(file *os.File, about protocol.Attributes) {
	if about.Executable {
		if info, err := file.Stat(); err == nil {
			if before("make it executable") == nil {
				file.Chmod(executable(info.Mode().Perm()))
			}
		}
	}
	if modified, said := about.Time(); said {
		if before("set its time") == nil {
			setTime(file, modified)
		}
	}
}

// executable returns a mode with which those may run a file who may read it and whom the process's
// umask does not keep from it.
func executable(mode fs.FileMode) fs.FileMode { return mode | mode&0o444>>2&^umask() }
