package protocol

import (
	"bytes"
	"reflect"
	"testing"
)

// FuzzDecode: on any bytes Decode does not panic and takes no more than there are. A message that
// it returns is the same after it is written and read again.
func FuzzDecode(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.bytes)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		m, size, refusal := Decode(stream)
		switch {
		case refusal != nil:
			e := AsError(refusal)
			if m != nil || size != 0 || !e.Code.Travels() || len(e.Text) > MaxText {
				t.Fatalf("refused with %v beside %v, %d", refusal, m, size)
			}
			e.By = Relay
			Append(nil, e) // it can be sent as it is
		case m == nil:
			if size != 0 {
				t.Fatalf("no message of %d bytes", size)
			}
		default:
			checkAgain(t, m, stream[:size])
		}
	})
}

func checkAgain(t *testing.T, m Message, frame []byte) {
	t.Helper()
	written := Append(nil, m)
	again, size, refusal := Decode(written)
	if left := reflect.ValueOf(m).Elem().FieldByName("LeftOut"); left.IsValid() {
		left.SetInt(0) // what was bad is not written again
	}
	if refusal != nil || size != len(written) || !reflect.DeepEqual(again, m) {
		t.Fatalf("%v is read again as %v: %v", m, again, refusal)
	}
	if frame[2] == Version && len(frame) == len(written) && !bytes.Equal(frame, written) {
		t.Fatalf("two encodings of %v:\n%x\n%x", m, frame, written)
	}
	if len(written) > len(frame) {
		t.Fatalf("%v was said in fewer bytes than we need:\n%x\n%x", m, frame, written)
	}
}

// FuzzStream: frames in sequence, fed in pieces, are read as they were written. Bytes behind them
// are judged separately.
func FuzzStream(f *testing.F) {
	var all []byte
	for _, v := range readVectors(f) {
		if len(v.bytes) > 512 {
			continue
		}
		f.Add(append(bytes.Clone(all), v.bytes...), uint8(3))
		if v.expect == "ok" && len(all) < 512 {
			all = append(all, v.bytes...)
		}
	}
	f.Add(all, uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, step uint8) {
		whole, wholeErr := readAll(stream, len(stream)+1)
		pieces, piecesErr := readAll(stream, int(step)+1)
		if !reflect.DeepEqual(whole, pieces) || !reflect.DeepEqual(wholeErr, piecesErr) {
			t.Fatalf("whole: %v, %v; in pieces of %d: %v, %v", whole, wholeErr, int(step)+1, pieces, piecesErr)
		}
	})
}

// readAll reads messages from a stream that arrives in pieces, as a connection's reader does.
func readAll(stream []byte, piece int) (messages []Message, refusal error) {
	var buf []byte
	for len(stream) > 0 {
		n := min(piece, len(stream))
		buf, stream = append(buf, stream[:n]...), stream[n:]
		for {
			m, size, err := Decode(buf)
			if err != nil {
				return messages, err
			}
			if m == nil {
				break
			}
			messages, buf = append(messages, m), buf[size:]
		}
	}
	return messages, nil
}
