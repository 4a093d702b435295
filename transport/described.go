package transport

import (
	"time"
)

// Described is a [Share] that can say how far it is with its files, and what it does not share. Both calls
// answer at once, from what the share knows: they do not ask the disk.
type Described interface {
	Share
	Progress() Progress
	// Unshared returns how many paths are not shared although they are there, and some of them, sorted by
	// path: as many as are asked for, and never more than MaxUnshared. A folder stands for all that is in it.
	Unshared(most int) (all int, some []Unshared)
}

// The bounds of what a Described share tells.
const (
	MaxUnshared = 1000 // paths that are not shared which a share names; the others it counts
	MaxHashing  = 16   // files under way that it names
)

// Progress is how far a share is with its files.
type Progress struct {
	Files, Known      int    // names that are shared, and of these those whose content is known
	Bytes, KnownBytes uint64 // of the same; a content that has two names counts twice
	Waiting           int    // names that are still to be hashed, or are being hashed
	Unread            int    // names that cannot be hashed: Unshared says why
	Hashing           []Hashing
	AllHashing        int // files that are being hashed; Hashing has the largest of them

	Folders, Watched int       // folders that are shared, and those of which the system tells changes; the others are walked only
	Walking          bool      // a walk is under way
	Walks            uint64    // walks that have ended
	Walked           time.Time // the end of the last one; zero: none has ended
	WalkTook         time.Duration
	NextWalk         time.Time // zero: it is not known yet
	Away             bool      // the shared folder is not there: nothing in it can be had

	Unshared int           // paths that are not shared
	Reasons  []ReasonCount // of all of them, the most frequent first
}

// Hashing is a file that is being hashed.
type Hashing struct {
	Name       string
	Done, Size uint64 // bytes
	Asked      bool   // a client waits for it
}

// Unshared is a path that is not shared.
type Unshared struct {
	Path   string // below the share's folder, made printable; a folder's ends with a slash
	Why    string // one sentence's part: "a socket", "not in Unicode normal form C", "permission denied"
	Reason Reason // what Why is a case of
}

// Reason is why a path is not shared, in a word.
type Reason string

// The reasons.
const (
	ReasonHidden     Reason = "hidden"     // its name begins with a dot, or it is unfinished
	ReasonName       Reason = "name"       // its name is not allowed
	ReasonLong       Reason = "long"       // its name is too long, or it is too deep in the folder
	ReasonClash      Reason = "clash"      // another file has the same name in composed form
	ReasonKind       Reason = "kind"       // it is a socket, a device, a pipe
	ReasonLink       Reason = "link"       // it is a link that leads nowhere, out of the share, or back
	ReasonDenied     Reason = "denied"     // the system does not permit to read it
	ReasonUnreadable Reason = "unreadable" // the disk fails to read it
	ReasonChanging   Reason = "changing"   // it changes faster than it can be hashed
	ReasonLarge      Reason = "large"      // it is larger than a file may be
	ReasonLimit      Reason = "limit"      // there is more than can be shared
	ReasonOwn        Reason = "own"        // it is the node's own index
)

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{
		ReasonHidden, ReasonName, ReasonLong, ReasonClash, ReasonKind, ReasonLink, ReasonDenied, ReasonUnreadable,
		ReasonChanging, ReasonLarge, ReasonLimit, ReasonOwn,
	}
}

// Means returns what a reason says, for people.
func (r Reason) Means() string {
	switch r {
	case ReasonHidden:
		return "names that begin with a dot, and unfinished files"
	case ReasonName:
		return "names that are not allowed"
	case ReasonLong:
		return "names that are too long, or too deep in the folder"
	case ReasonClash:
		return "names that another file has in another form of Unicode"
	case ReasonKind:
		return "not regular files: sockets, devices, pipes"
	case ReasonLink:
		return "links that lead nowhere, out of the share, or back"
	case ReasonDenied:
		return "the system does not permit to read them"
	case ReasonUnreadable:
		return "the disk fails to read them"
	case ReasonChanging:
		return "they change faster than they can be hashed"
	case ReasonLarge:
		return "larger than a file may be"
	case ReasonLimit:
		return "more than can be shared"
	case ReasonOwn:
		return "the node's own index"
	}
	return string(r)
}

// ReasonCount is how many paths are not shared for a reason.
type ReasonCount struct {
	Reason Reason
	Count  int
}
