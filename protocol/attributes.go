package protocol

import (
	"encoding/binary"
	"time"
)

// Attributes are what a node says of a file beside its content: with an OUTBOARD and with a
// CONTENT. No hash vouches for them. The relay knows only the date, in seconds: see [SecondsOf].
type Attributes struct {
	Modified   uint64 // when the content was last changed, in nanoseconds since 1970; 0: not said
	Executable bool   // the file is a program
}

// Attributes returns what the message says of the file beside its content.
func (m *Outboard) Attributes() Attributes { return Attributes{m.Modified, m.Executable} }

// Attributes returns what the message says of the file beside its content.
func (m *Content) Attributes() Attributes { return Attributes{m.Modified, m.Executable} }

// AttributesOf returns the attributes of a file. A time that cannot be said is left out.
func AttributesOf(modified time.Time, executable bool) Attributes {
	a := Attributes{Executable: executable}
	if seconds := modified.Unix(); seconds >= 0 && seconds < MaxModified {
		a.Modified = uint64(modified.UnixNano())
	}
	return a
}

// Time returns the modification time. Without one, and with one from MaxModified on, it reports
// false: such a time is not to be set.
func (a Attributes) Time() (modified time.Time, said bool) {
	if a.Modified == 0 || a.Modified/uint64(time.Second) >= MaxModified {
		return time.Time{}, false
	}
	return time.Unix(0, int64(a.Modified)), true
}

// SecondsOf returns a modification time as entries and items say it: in whole seconds since 1970. It
// is a claim of a node, as [Attributes] are. A time that cannot be said is 0.
func SecondsOf(modified time.Time) uint64 {
	if seconds := modified.Unix(); seconds >= 0 && seconds < MaxModified {
		return uint64(seconds)
	}
	return 0
}

// TimeOf returns the modification time that an entry or an item says; the zero time, if it says none.
func TimeOf(seconds uint64) time.Time {
	if seconds == 0 || seconds >= MaxModified {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// PackedDate is a date as entries and items say it, in as few bytes as hold any. Of two of them the later one is the greater.
type PackedDate [5]byte

// PackDate packs a date, which is less than MaxModified.
func PackDate(seconds uint64) (d PackedDate) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seconds)
	copy(d[:], b[len(b)-len(d):])
	return d
}

// Seconds returns the date.
func (d PackedDate) Seconds() uint64 {
	var b [8]byte
	copy(b[len(b)-len(d):], d[:])
	return binary.BigEndian.Uint64(b[:])
}
