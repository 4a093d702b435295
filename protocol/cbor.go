package protocol

import (
	"errors"

	"github.com/fxamacker/cbor/v2"
)

// Payloads are CBOR (RFC 8949) in the core deterministic encoding (section 4.2.1); any other
// encoding is refused. One message thus has one encoding, and can later be hashed and signed as it
// stands.
var (
	encMode = must(encOptions().EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:          cbor.DupMapKeyEnforcedAPF,
		IndefLength:        cbor.IndefLengthForbidden,
		TagsMd:             cbor.TagsForbidden,
		MaxNestedLevels:    maxDepth + 1, // the library also counts the inside of an empty list; walker is exact
		MaxArrayElements:   MaxPage,
		MaxMapPairs:        maxPairs,
		UTF8:               cbor.UTF8RejectInvalid,
		ByteStringToString: cbor.ByteStringToStringForbidden,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // the options above contradict each other: a bug that any test finds
	}
	return v
}

func encode(m Message) ([]byte, error) {
	switch page := m.(type) {
	case *Located:
		return encodePage(page), nil
	case *Listed:
		return encodeList(page), nil
	}
	return encMode.Marshal(m)
}

func decode(payload []byte, m Message) *Error {
	w := walker{rest: payload}
	if why := w.message(m.Kind().Info().shape); why != "" {
		return malformed("%s: %s", m.Kind(), why)
	}
	if len(w.rest) > 0 {
		return malformed("%s: %d bytes after the map", m.Kind(), len(w.rest))
	}
	var tooLarge *cbor.UnmarshalTypeError // only a number of a list's entry, by the walk, which has noted the entry
	if err := decMode.Unmarshal(payload, m); err != nil && !errors.As(err, &tooLarge) {
		return malformed("%s: %s", m.Kind(), Printable(err.Error(), 200))
	}
	list, is := m.(lister)
	if !is {
		return m.check()
	}
	if err := list.frame(); err != nil {
		return err
	}
	for _, one := range w.spoiled {
		list.spoil(one)
	}
	list.sift()
	return nil
}

func encOptions() cbor.EncOptions {
	options := cbor.CoreDetEncOptions()
	options.NilContainers = cbor.NilContainerAsEmpty // an empty list is a list, not null
	return options
}
