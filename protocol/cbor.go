package protocol

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// Payloads are CBOR (RFC 8949) in the core deterministic encoding (section 4.2.1), and nothing else is read: one
// message has one encoding, so that it can later be hashed and signed as it stands.
var (
	encMode = must(encOptions().EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:          cbor.DupMapKeyEnforcedAPF,
		IndefLength:        cbor.IndefLengthForbidden,
		TagsMd:             cbor.TagsForbidden,
		MaxNestedLevels:    maxDepth,
		MaxArrayElements:   MaxPage,
		MaxMapPairs:        maxPairs,
		UTF8:               cbor.UTF8RejectInvalid,
		ByteStringToString: cbor.ByteStringToStringForbidden,
	}.DecMode())
)

const (
	maxDepth = 4  // a message, its list, a list's item, and one to grow into
	maxPairs = 32 // keys of one map
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // the options above contradict each other: a bug, found by any test
	}
	return v
}

func encode(m Message) ([]byte, error) { return encMode.Marshal(m) }

func decode(payload []byte, m Message) *Error {
	if len(payload) == 0 || payload[0]>>5 != majorMap {
		return malformed("%s: the payload is not a map", m.Kind())
	}
	w := walker{rest: payload}
	if why := w.item(1); why != "" {
		return malformed("%s: %s", m.Kind(), why)
	}
	if len(w.rest) > 0 {
		return malformed("%s: %d bytes after the map", m.Kind(), len(w.rest))
	}
	if err := decMode.Unmarshal(payload, m); err != nil {
		return malformed("%s: %s", m.Kind(), Printable(err.Error(), 200))
	}
	return m.check()
}

// UnmarshalCBOR takes exactly 32 bytes; the library alone would pad or cut.
func (id *NodeID) UnmarshalCBOR(data []byte) error {
	var b []byte
	if err := decMode.Unmarshal(data, &b); err != nil {
		return err
	}
	if len(b) != NodeIDSize {
		return malformed("a node id of %d bytes", len(b))
	}
	copy(id[:], b)
	return nil
}

// CBOR's major types, RFC 8949 section 3.1.
const (
	majorUint   = 0
	majorBytes  = 2
	majorText   = 3
	majorArray  = 4
	majorMap    = 5
	majorSimple = 7
)

// walker goes once through a payload and refuses all that is not the deterministic encoding of what messages
// are made of: unsigned integers, byte and text strings, booleans, arrays, and maps with ascending unsigned
// keys. Work is bounded by the bytes that are there, whatever they claim.
type walker struct{ rest []byte }

// item passes one data item at the given depth and returns why it can't stand here, or "".
func (w *walker) item(depth int) string {
	if depth > maxDepth {
		return "nested too deeply"
	}
	major, n, why := w.head()
	if why != "" {
		return why
	}
	switch major {
	case majorUint:
		return ""
	case majorBytes, majorText:
		if n > uint64(len(w.rest)) {
			return "a string longer than what is there"
		}
		if major == majorText && !utf8.Valid(w.rest[:n]) {
			return "text that is not UTF-8"
		}
		w.rest = w.rest[n:]
		return ""
	case majorArray:
		for range n {
			if why := w.item(depth + 1); why != "" {
				return why
			}
		}
		return ""
	case majorMap:
		return w.pairs(n, depth)
	default:
		if n == 20 || n == 21 { // false, true
			return ""
		}
		return "a null, float or other simple value"
	}
}

func (w *walker) pairs(n uint64, depth int) string {
	last, seen := uint64(0), false
	for range n {
		major, key, why := w.head()
		switch {
		case why != "":
			return why
		case major != majorUint:
			return "a key that is not an unsigned integer"
		case seen && key == last:
			return "a key that stands twice"
		case seen && key < last:
			return "keys out of order"
		}
		last, seen = key, true
		if why := w.item(depth + 1); why != "" {
			return why
		}
	}
	return ""
}

// head passes the first byte of an item and its argument.
func (w *walker) head() (major byte, n uint64, why string) {
	if len(w.rest) == 0 {
		return 0, 0, "ends too early"
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
		return 0, 0, "a null, float or other simple value"
	}
	width := 1 << (info - 24)
	if len(w.rest) < width {
		return 0, 0, "ends too early"
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

func encOptions() cbor.EncOptions {
	options := cbor.CoreDetEncOptions()
	options.NilContainers = cbor.NilContainerAsEmpty // an empty list is a list, not null
	return options
}
