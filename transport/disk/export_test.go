package disk

// SetBefore has f called before each change of the disk, and returns what takes that back.
func SetBefore(f func(what string)) (undo func()) {
	was := before
	before = f
	return func() { before = was }
}

// BesideName and the suffixes are where tests look for what is not whole.
var BesideName = besideName

// The names of what is not whole.
const (
	PartSuffix    = partSuffix
	JournalSuffix = journalSuffix
)
