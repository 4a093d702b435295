// Package annotate writes frames for people: hexadecimal, with a comment on each item.
package annotate

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/relaypeer/relaypeer/protocol"
)

// Frame returns a frame that [protocol.Append] has made of m as lines of hexadecimal, each with a
// comment.
func Frame(frame []byte, m protocol.Message) string {
	a := &annotator{}
	a.line(frame[0:2], 0, "magic")
	a.line(frame[2:3], 0, "version")
	a.line(frame[3:4], 0, "kind "+m.Kind().String())
	a.line(frame[4:8], 0, fmt.Sprintf("payload length %d", len(frame)-8))
	a.item(frame[8:], 0, reflect.TypeOf(m).Elem())
	return a.out.String()
}

// Bytes returns raw bytes as lines of hexadecimal, with a comment on the first.
func Bytes(b []byte, comment string) string {
	a := &annotator{}
	a.line(b, 0, comment)
	return a.out.String()
}

type annotator struct{ out strings.Builder }

const (
	perLine = 16 // bytes
	column  = 50 // of the comments
)

func (a *annotator) line(b []byte, depth int, what string) {
	for first := true; first || len(b) > 0; first = false {
		some := b[:min(perLine, len(b))]
		b = b[len(some):]
		text := strings.Join(pairs(some), " ")
		if first {
			text = fmt.Sprintf("%-*s# %s%s", column, text, strings.Repeat("  ", depth), what)
		}
		a.out.WriteString(strings.TrimRight(text, " ") + "\n")
	}
}

func pairs(b []byte) []string {
	all := make([]string, len(b))
	for i := range b {
		all[i] = hex.EncodeToString(b[i : i+1])
	}
	return all
}

// item writes one CBOR item and returns the bytes behind it. A map is one of the given message type.
func (a *annotator) item(b []byte, depth int, t reflect.Type) []byte {
	head, n := headOf(b)
	switch major := b[0] >> 5; major {
	case 2, 3:
		content := b[head : head+n]
		what := fmt.Sprintf("%d bytes", n)
		if major == 3 {
			what = fmt.Sprintf("text %q", content)
		}
		a.line(b[:head+n], depth, what)
		return b[head+n:]
	case 4:
		a.line(b[:head], depth, fmt.Sprintf("list of %d", n))
		b = b[head:]
		for range n {
			b = a.item(b, depth+1, t.Elem())
		}
		return b
	case 5:
		a.line(b[:head], depth, fmt.Sprintf("map of %d", n))
		b = b[head:]
		for range n {
			keyLength, key := headOf(b)
			f := fieldOf(t, key)
			a.line(b[:keyLength], depth+1, fmt.Sprintf("%d: %s", key, f.Name))
			b = a.item(b[keyLength:], depth+2, f.Type)
		}
		return b
	default:
		a.line(b[:head], depth, fmt.Sprint(n))
		return b[head:]
	}
}

// headOf returns how many bytes the head of an item takes, and the number in it.
func headOf(b []byte) (length, n int) {
	info := b[0] & 0x1f
	if info < 24 {
		return 1, int(info)
	}
	length = 1 + 1<<(info-24)
	var value uint64
	head := append([]byte{info}, b[1:length]...) // the same head as an unsigned integer
	if err := cbor.Unmarshal(head, &value); err != nil {
		panic(err) // what protocol.Append made is CBOR
	}
	return length, int(value)
}

func fieldOf(t reflect.Type, key int) reflect.StructField {
	for _, f := range reflect.VisibleFields(t) {
		if strings.HasPrefix(f.Tag.Get("cbor"), fmt.Sprintf("%d,", key)) {
			return f
		}
	}
	panic(fmt.Sprintf("%s has no key %d", t, key)) // what protocol.Append made has the message's own keys
}
