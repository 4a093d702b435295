package conversation

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

const headerSize = 8

// tree is a frame's payload as it lies: maps by their numbers, lists, and values.
type tree = map[uint64]any

var (
	decoding, _ = cbor.DecOptions{DefaultMapType: reflect.TypeFor[tree]()}.DecMode()
	encoding, _ = cbor.CoreDetEncOptions().EncMode()
)

func treeOf(frame []byte) (tree, error) {
	var payload tree
	err := decoding.Unmarshal(frame[headerSize:], &payload)
	return payload, err
}

// frameOf returns a frame with the header of another one.
func frameOf(header []byte, payload tree) ([]byte, error) {
	b, err := encoding.Marshal(payload)
	frame := slices.Concat(header[:4], binary.BigEndian.AppendUint32(nil, uint32(len(b))), b)
	return frame, err
}

// at calls what it finds at a path, "1.0.2": with a setter, and a remover for what is in a map.
func at(in any, path string, found func(value any, set func(any), remove func())) error {
	first, rest, more := strings.Cut(path, ".")
	key, err := strconv.ParseUint(first, 10, 64)
	if err != nil {
		return err
	}
	var value any
	var set func(any)
	remove := func() {}
	switch in := in.(type) {
	case tree:
		value = in[key]
		set = func(v any) { in[key] = v }
		remove = func() { delete(in, key) }
	case []any:
		if key >= uint64(len(in)) {
			return fmt.Errorf("no item %d in a list of %d", key, len(in))
		}
		value = in[key]
		set = func(v any) { in[key] = v }
	default:
		return fmt.Errorf("%s is in no map and no list", path)
	}
	if more {
		return at(value, rest, found)
	}
	found(value, set, remove)
	return nil
}
