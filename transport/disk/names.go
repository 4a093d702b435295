package disk

import (
	"encoding/hex"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/relaypeer/relaypeer/protocol/content"
)

// What is not whole yet lies under names of its own, beside the file that it will be or, of a batch, in a folder of its
// own. They start with a dot, so that a share does not serve them.
const (
	partSuffix    = ".relaypeer-part"
	journalSuffix = ".relaypeer-journal"
	batchPrefix   = ".relaypeer-batch-"

	mostComponent = 255 // bytes of a file's name, in the file systems that there are
)

// unfinished reports whether a name is one of those that we give to what is not whole yet.
func unfinished(name string) bool {
	for _, component := range strings.Split(name, "/") {
		if strings.HasPrefix(component, batchPrefix) || strings.HasPrefix(component, ".") &&
			(strings.HasSuffix(component, partSuffix) || strings.HasSuffix(component, journalSuffix)) {
			return true
		}
	}
	return false
}

// besideName returns the name for something beside a file. It is the same each time, so that the next start finds it.
func besideName(name, suffix string) string {
	folder, base := path.Split(name)
	if most := mostComponent - len(".") - len(journalSuffix); len(base) > most {
		digest := content.ChainingValue(0, []byte(base), true)
		mark := "~" + hex.EncodeToString(digest[:8])
		cut := most - len(mark)
		for !utf8.RuneStart(base[cut]) {
			cut--
		}
		base = base[:cut] + mark
	}
	return folder + "." + base + suffix
}
