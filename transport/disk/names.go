package disk

import (
	"encoding/hex"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/relaypeer/relaypeer/protocol/content"
)

// Unfinished files lie beside their places, those of a batch in a folder of their own. Their names
// start with a dot, so that a share does not serve them.
const (
	PartSuffix    = ".relaypeer-part"
	JournalSuffix = ".relaypeer-journal"
	BatchPrefix   = ".relaypeer-batch-"

	mostComponent = 255 // bytes of a file's name, in the file systems that there are
)

// Unfinished reports whether a name is one that a store gives to an unfinished file or folder.
func Unfinished(name string) bool {
	for _, component := range strings.Split(name, "/") {
		if strings.HasPrefix(component, BatchPrefix) || strings.HasPrefix(component, ".") &&
			(strings.HasSuffix(component, PartSuffix) || strings.HasSuffix(component, JournalSuffix)) {
			return true
		}
	}
	return false
}

// Beside returns the name of a file that lies beside another. It is the same each time, so that the
// next start finds it.
func Beside(name, suffix string) string {
	folder, base := path.Split(name)
	if most := mostComponent - len(".") - len(JournalSuffix); len(base) > most {
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
