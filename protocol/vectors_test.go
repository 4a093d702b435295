package protocol

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// A vector is one file under testdata/vectors: header lines, an empty line, and a stream's bytes in
// hex, where "#" begins a comment. SPEC "Test vectors" describes the format.
type vector struct {
	name   string
	expect string // "ok", "short", or the name of the code to refuse with
	kind   string // of the frame, or "-"
	says   string // what a good one says
	why    string // a bad one is bad
	again  string // "no": what is read is not written back with the same bytes
	left   string // how many bad entries are left out of a good one
	bytes  []byte
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	paths, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	vectors := make([]vector, 0, len(paths))
	for _, path := range paths {
		v, err := readVector(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		vectors = append(vectors, v)
	}
	return vectors
}

func readVector(path string) (v vector, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return v, err
	}
	header, body, found := strings.Cut(string(text), "\n\n")
	if !found {
		return v, errors.New("no empty line after the header")
	}
	v.name = strings.TrimSuffix(filepath.Base(path), ".txt")
	into := map[string]*string{"expect": &v.expect, "kind": &v.kind, "says": &v.says, "why": &v.why, "again": &v.again, "left-out": &v.left}
	for line := range strings.SplitSeq(header, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		if into[key] == nil || *into[key] != "" || value == "" {
			return v, fmt.Errorf("header line %q", line)
		}
		*into[key] = value
	}
	for line := range strings.SplitSeq(body, "\n") {
		digits, _, _ := strings.Cut(line, "#")
		part, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
		if err != nil {
			return v, err
		}
		v.bytes = append(v.bytes, part...)
	}
	return v, nil
}

func TestVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.name, func(t *testing.T) {
			if v.kind == "" || (v.says == "") == (v.expect == "ok") || v.why == "" && v.expect != "ok" {
				t.Fatal("the header needs expect, kind, and says for a good one or why for a bad one")
			}
			m, size, refusal := Decode(v.bytes)
			if got := outcomeOf(m, refusal); got != v.expect {
				t.Fatalf("got %s (%v), want %s", got, refusal, v.expect)
			}
			if v.expect == "ok" {
				v.checkGood(t, m, size)
			} else if m != nil || size != 0 {
				t.Errorf("a message or a size beside the refusal: %v, %d", m, size)
			}
		})
	}
}

func outcomeOf(m Message, refusal error) string {
	switch {
	case refusal != nil:
		return codeOf(refusal).String()
	case m == nil:
		return "short"
	default:
		return "ok"
	}
}

func (v *vector) checkGood(t *testing.T, m Message, size int) {
	if m.Kind().String() != v.kind {
		t.Errorf("kind %s, want %s", m.Kind(), v.kind)
	}
	if got := says(m); got != v.says {
		t.Errorf("it says\n%s\nwant\n%s", got, v.says)
	}
	left := leftOut(m)
	if left != 0 && v.left == "" || v.left != "" && fmt.Sprint(left) != v.left {
		t.Errorf("%d entries are left out, want %q", left, v.left)
	}
	if size != len(v.bytes) {
		t.Errorf("%d of %d bytes", size, len(v.bytes))
	}
	if same := bytes.Equal(Append(nil, m), v.bytes); same == (v.again == "no") {
		t.Errorf("written back with the same bytes: %v; the header says again: %q", same, v.again)
	}
}

// leftOut returns how many bad entries a message that was read has lost.
func leftOut(m Message) int {
	if of := reflect.ValueOf(m).Elem().FieldByName("LeftOut"); of.IsValid() {
		return int(of.Int())
	}
	return 0
}

// says renders a message as the vectors do: the kind, then each field that is present.
func says(m Message) string {
	return strings.Join(append([]string{m.Kind().String()}, fieldsSay(reflect.ValueOf(m).Elem())...), " ")
}

func fieldsSay(fields reflect.Value) (all []string) {
	for i := range fields.NumField() {
		field, value := fields.Type().Field(i), fields.Field(i)
		switch {
		case field.Tag.Get("cbor") == "-":
		case field.Anonymous:
			all = append(all, fieldsSay(value)...)
		case strings.Contains(string(field.Tag), "omit") && value.IsZero():
		default:
			all = append(all, strings.ToLower(field.Name)+"="+valueSays(value))
		}
	}
	return all
}

func valueSays(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case Hash:
		return value.String()
	case PeerID:
		return fmt.Sprintf("%x", value[:])
	case IP, []byte:
		return fmt.Sprintf("%x", value)
	case string:
		return `"` + value + `"`
	case Peer:
		text := ""
		if value.Host != nil {
			text = fmt.Sprintf("%x:%d", []byte(value.Host), value.Port)
		}
		if value.Also != nil {
			text = fmt.Sprintf("%x+%s", []byte(value.Also), text)
		}
		if !value.ID.IsZero() {
			text = fmt.Sprintf("%x@%s", value.ID[:], text)
		}
		if !value.Hash.IsZero() {
			text += fmt.Sprintf("/%s/%d", value.Hash, value.Size)
		}
		if value.Circuit > 0 {
			text += "/circuit"
		}
		return text
	}
	switch v.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = valueSays(v.Index(i))
		}
		return "[" + strings.Join(items, " ") + "]"
	case reflect.Array:
		bytes := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(bytes), v)
		return hex.EncodeToString(bytes)
	case reflect.Struct:
		return "{" + strings.Join(fieldsSay(v), " ") + "}"
	}
	return fmt.Sprintf("%d", v.Interface())
}

// TestEachKindHasItsVectors requires of each kind two good vectors, one with an unknown key, and
// one for each way to be bad that all kinds share.
func TestEachKindHasItsVectors(t *testing.T) {
	good, have := map[string]int{}, map[string]bool{}
	for _, v := range readVectors(t) {
		have[v.name] = true
		if v.expect == "ok" && v.again == "" {
			good[v.kind]++
		}
	}
	ways := []string{
		"short-header", "short-payload", "long", "magic", "over-limit", "four-gigabytes", "empty", "not-a-map",
		"duplicate-key", "unsorted-keys", "non-minimal-key", "non-minimal-unknown", "null", "tag", "indefinite-map",
		"text-key", "too-deep", "33-keys", "map-too-small", "header-too-small",
	}
	for _, info := range Kinds {
		kind := strings.ToLower(info.Name)
		if good[info.Name] < 2 {
			t.Errorf("%s: %d good vectors", info.Name, good[info.Name])
		}
		needed := []string{kind + "-good-unknown-keys"}
		for _, way := range ways {
			needed = append(needed, kind+"-bad-"+way)
		}
		for _, name := range append(needed, fieldVectors(info)...) {
			if !have[name] {
				t.Errorf("no vector %s", name)
			}
		}
	}
}

// fieldVectors names the vectors that each field of a kind needs, and each field of the maps in its
// lists.
func fieldVectors(info KindInfo) []string {
	return neededFor(strings.ToLower(info.Name)+"-bad", reflect.TypeOf(info.new()).Elem())
}

func neededFor(prefix string, fields reflect.Type) (names []string) {
	for i := range fields.NumField() {
		f := fields.Field(i)
		switch {
		case f.Tag.Get("cbor") == "-":
			continue
		case f.Anonymous:
			names = append(names, neededFor(prefix, f.Type)...)
			continue
		case strings.Contains(string(f.Tag), "omit"):
			names = append(names, prefix+"-default-"+strings.ToLower(f.Name))
		default:
			names = append(names, prefix+"-without-"+strings.ToLower(f.Name))
		}
		if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct {
			names = append(names, neededFor(prefix+"-"+strings.ToLower(f.Type.Elem().Name()), f.Type.Elem())...)
		}
	}
	return names
}
