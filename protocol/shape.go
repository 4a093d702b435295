package protocol

import (
	"reflect"
	"strconv"
	"strings"
)

// field is the shape of one key of a message type. It is read from the struct tags once, so that a
// message is defined in one place.
type field struct {
	key      uint64
	major    byte    // the CBOR major type of its value
	most     uint64  // the largest value of a number
	optional bool    // left out if it is zero or empty, and never written then
	size     uint64  // of a byte string of fixed length; 0: any length
	items    []field // the fields of each item of a list of maps; nil: a list of numbers
}

func shapeOf[M any]() []field { return fieldsOf(reflect.TypeFor[M]()) }

func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			fields = append(fields, fieldsOf(f.Type)...)
			continue
		}
		number, rest, _ := strings.Cut(f.Tag.Get("cbor"), ",")
		if number == "-" {
			continue // it does not travel
		}
		key, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			panic(t.Name() + "." + f.Name + " has no key: a bug, found by any test")
		}
		shape := field{key: key, major: majorOf(f.Type), optional: strings.Contains(rest, "omit")}
		switch {
		case shape.major == majorUint:
			shape.most = 1<<f.Type.Bits() - 1
		case shape.major == majorArray && f.Type.Elem().Kind() == reflect.Struct:
			shape.items = fieldsOf(f.Type.Elem())
		case f.Type.Kind() == reflect.Array:
			shape.size = uint64(f.Type.Len())
		}
		fields = append(fields, shape)
	}
	return fields
}

func majorOf(t reflect.Type) byte {
	switch {
	case t.Kind() == reflect.String:
		return majorText
	case t.Kind() == reflect.Bool:
		return majorSimple
	case t.Kind() != reflect.Slice && t.Kind() != reflect.Array:
		return majorUint
	case t.Elem().Kind() == reflect.Uint8:
		return majorBytes
	default:
		return majorArray
	}
}

var majorName = [8]string{majorUint: "a number", majorBytes: "a byte string", majorText: "a text", majorArray: "a list", majorSimple: "a boolean"}
