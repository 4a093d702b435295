package protocol

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// CBOR's major types, RFC 8949 section 3.1.
const (
	majorUint   = 0
	majorBytes  = 2
	majorText   = 3
	majorArray  = 4
	majorMap    = 5
	majorSimple = 7
)

// walker checks a payload in one pass. It accepts the deterministic encoding of the types that
// messages consist of: unsigned integers, byte and text strings, booleans, arrays, and maps with
// ascending unsigned keys. A known key must have its kind's shape. The work is bounded by the bytes
// that are present, whatever lengths they claim. Its methods return the reason for a refusal, or
// "".
type walker struct {
	rest    []byte
	wide    bool    // a number in an entry of a list is above what its field can hold
	spoiled []place // of the entries with such a number
}

// place is that of an entry in a message: the key of its list, and its index there.
type place struct {
	key uint64
	at  int
}

// message passes a whole payload.
func (w *walker) message(shape []field) string {
	if len(w.rest) == 0 || w.rest[0]>>5 != majorMap {
		return "the payload is not a map"
	}
	return w.fields(1, shape)
}

// fields passes a map whose known keys are those of the shape.
func (w *walker) fields(depth int, shape []field) string {
	major, n, why := w.head()
	if why == "" && major != majorMap {
		why = "an item that is not a map"
	}
	var last uint64
	for i := uint64(0); i < n && why == ""; i++ {
		if last, why = w.key(i > 0, last); why != "" {
			break
		}
		if shape, why = passOver(shape, last); why != "" {
			break
		}
		if len(shape) > 0 && shape[0].key == last {
			why = w.field(depth, &shape[0])
			shape = shape[1:]
		} else {
			why = w.item(depth + 1)
		}
	}
	if why == "" {
		_, why = passOver(shape, maxKey+1)
	}
	return why
}

// passOver drops the fields below a key, which are not there.
func passOver(shape []field, key uint64) ([]field, string) {
	for len(shape) > 0 && shape[0].key < key {
		if !shape[0].optional {
			return nil, fmt.Sprintf("key %d is missing", shape[0].key)
		}
		shape = shape[1:]
	}
	return shape, ""
}

// field passes the value of a known key of a map at the given depth.
func (w *walker) field(depth int, f *field) string {
	switch {
	case len(w.rest) == 0:
		return tooEarly
	case w.rest[0]>>5 != f.major:
		return fmt.Sprintf("key %d is not %s", f.key, majorName[f.major])
	case f.optional && (w.rest[0] == f.major<<5 || w.rest[0] == simpleFalse):
		return fmt.Sprintf("key %d says what leaving it out would", f.key)
	case f.size > 0:
		return w.fixed(f)
	case f.major == majorUint:
		return w.number(depth, f)
	case f.major != majorArray:
		return w.item(depth + 1)
	}
	_, n, why := w.head()
	for i := uint64(0); i < n && why == ""; i++ {
		switch {
		case f.items != nil:
			why = w.entry(depth+2, place{f.key, int(i)}, f.items)
		case len(w.rest) > 0 && w.rest[0]>>5 != majorUint:
			why = fmt.Sprintf("key %d is not a list of numbers", f.key)
		default:
			why = w.item(depth + 2)
		}
	}
	return why
}

// entry passes an entry of a list. A number that is too large spoils the entry alone.
func (w *walker) entry(depth int, is place, shape []field) string {
	w.wide = false
	why := w.fields(depth, shape)
	if w.wide {
		w.spoiled = append(w.spoiled, is)
	}
	return why
}

// number passes a number. Outside of the entries of lists its field can hold it.
func (w *walker) number(depth int, f *field) string {
	_, n, why := w.head()
	switch {
	case why != "" || n <= f.most:
		return why
	case depth == 1:
		return fmt.Sprintf("key %d is above %d", f.key, f.most)
	}
	w.wide = true
	return ""
}

// fixed passes a byte string of a fixed length; one that may be left out is not all zeros.
func (w *walker) fixed(f *field) string {
	major, n, why := w.head()
	if why == "" {
		if n != f.size {
			return fmt.Sprintf("key %d has %d bytes, not %d", f.key, n, f.size)
		}
		before := w.rest
		if why = w.bytes(major, n); why == "" && f.optional && allZero(before[:n]) {
			why = fmt.Sprintf("key %d says what leaving it out would", f.key)
		}
	}
	return why
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// item passes one data item of any kind at the given depth.
func (w *walker) item(depth int) string {
	major, n, why := w.head()
	if why != "" {
		return why
	}
	switch major {
	case majorUint:
		return ""
	case majorBytes, majorText:
		return w.bytes(major, n)
	case majorArray, majorMap:
		return w.inside(major, n, depth)
	default:
		if n == 20 || n == 21 { // false, true
			return ""
		}
		return noSimple
	}
}

func (w *walker) bytes(major byte, n uint64) string {
	if n > uint64(len(w.rest)) {
		return "a string longer than what is there"
	}
	if major == majorText && !utf8.Valid(w.rest[:n]) {
		return "text that is not UTF-8"
	}
	w.rest = w.rest[n:]
	return ""
}

func (w *walker) inside(major byte, n uint64, depth int) (why string) {
	if depth > maxDepth {
		return "nested too deeply"
	}
	var last uint64
	for i := uint64(0); i < n && why == ""; i++ {
		if major == majorMap {
			last, why = w.key(i > 0, last)
		}
		if why == "" {
			why = w.item(depth + 1)
		}
	}
	return why
}

// key passes a key of a map, which must be above the last one if there was any.
func (w *walker) key(any bool, last uint64) (key uint64, why string) {
	major, key, why := w.head()
	switch {
	case why != "":
		return 0, why
	case major != majorUint || key > maxKey:
		return 0, "a key that is not an unsigned integer below 2^63"
	case any && key == last:
		return 0, "a key that stands twice"
	case any && key < last:
		return 0, "keys out of order"
	}
	return key, ""
}

const (
	maxKey      = 1<<63 - 1
	simpleFalse = majorSimple<<5 | 20 // the whole item

	tooEarly = "ends too early"
	noSimple = "a null, float or other simple value"
)

// head passes the first byte of an item and its argument.
func (w *walker) head() (major byte, n uint64, why string) {
	if len(w.rest) == 0 {
		return 0, 0, tooEarly
	}
	major, info := w.rest[0]>>5, w.rest[0]&0x1f
	w.rest = w.rest[1:]
	switch {
	case major == 1 || major == 6:
		return 0, 0, "a negative number or a tag"
	case info < 24:
		return major, uint64(info), ""
	case info > 27:
		return 0, 0, "an item of indefinite or reserved length"
	case major == majorSimple:
		return 0, 0, noSimple
	}
	width := 1 << (info - 24)
	if len(w.rest) < width {
		return 0, 0, tooEarly
	}
	var wide [8]byte
	copy(wide[8-width:], w.rest)
	n = binary.BigEndian.Uint64(wide[:])
	w.rest = w.rest[width:]
	if n < 24 || width > 1 && bits.Len64(n) <= 4*width {
		return 0, 0, "a number in more bytes than it needs"
	}
	return major, n, ""
}
