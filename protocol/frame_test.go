package protocol

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestEverySplitGivesTheSame: a stream that arrives in pieces gives the same messages and the
// same refusal as one that arrives at once.
func TestEverySplitGivesTheSame(t *testing.T) {
	for _, v := range readVectors(t) {
		if len(v.bytes) > 8192 {
			continue // the full pages: the same code, and a long time
		}
		whole, size, refusal := Decode(v.bytes)
		for cut := range v.bytes {
			m, n, early := Decode(v.bytes[:cut])
			switch {
			case early != nil && !reflect.DeepEqual(early, refusal):
				t.Errorf("%s: refused after %d bytes with %v, but whole: %v", v.name, cut, early, refusal)
			case m != nil && (n != size || !reflect.DeepEqual(m, whole)):
				t.Errorf("%s: after %d bytes another message", v.name, cut)
			}
		}
	}
}

func TestFramesFollowEachOther(t *testing.T) {
	var stream []byte
	var want []Message
	for _, v := range readVectors(t) {
		if m, _, refusal := Decode(v.bytes); refusal == nil && m != nil {
			stream, want = append(stream, v.bytes...), append(want, m)
		}
	}
	for i, m := range want {
		got, size, refusal := Decode(stream)
		if refusal != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("message %d: %v, %v; want %v", i, got, refusal, m)
		}
		stream = stream[size:]
	}
	if len(stream) > 0 {
		t.Errorf("%d bytes left", len(stream))
	}
}

// TestJunkIsKnownByItsFirstBytes: bytes that cannot become a frame are refused at once.
func TestJunkIsKnownByItsFirstBytes(t *testing.T) {
	for junk, code := range map[string]Code{
		"G": Malformed, "RX": Malformed, "\x16": Malformed, "\n": Malformed,
		"RP\x02\x01": BadVersion, "RP\x01\x00": UnknownKind, "RP\x01\x09": UnknownKind,
		"RP\x01\x01\x00\x00\x10\x01": TooLarge, "RP\x01\x85\x00\x10\x00\x01": TooLarge,
	} {
		if m, _, refusal := Decode([]byte(junk)); m != nil || codeOf(refusal) != code {
			t.Errorf("%q gives %v, want %s", junk, refusal, code)
		}
		if m, _, refusal := Decode([]byte(junk[:len(junk)-1])); m != nil || refusal != nil {
			t.Errorf("%q gives %v before it need", junk[:len(junk)-1], refusal)
		}
	}
}

// TestNothingIsAllocatedByAClaim: a claimed length costs nothing, and received bytes cost memory in
// proportion.
func TestNothingIsAllocatedByAClaim(t *testing.T) {
	page := make([]byte, HeaderSize+64)
	copy(page, []byte{'R', 'P', 1, byte(KindLocated), 0, 0x10, 0, 0})
	if got := testing.AllocsPerRun(100, func() { Decode(page) }); got != 0 {
		t.Errorf("a page that is not there yet costs %v allocations", got)
	}
	claims := map[string]string{
		"list":  "\xa1\x01\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
		"bytes": "\xa1\x01\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
		"map":   "\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01\x80",
		"text":  "\xa2\x01\x80\x17\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
	}
	for what, payload := range claims {
		frame := binary.BigEndian.AppendUint32([]byte{'R', 'P', 1, byte(KindLocated)}, uint32(len(payload)))
		frame = append(frame, payload...)
		const runs = 100
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			if _, _, refusal := Decode(frame); refusal == nil {
				t.Fatalf("%s: not refused", what)
			}
		}
		runtime.ReadMemStats(&after)
		if per := (after.TotalAlloc - before.TotalAlloc) / runs; per > 4096 {
			t.Errorf("%s: a claim of 2^64-1 costs %d bytes", what, per)
		}
	}
}

// TestAMessageKeepsNothingOfTheBuffer: the reader's buffer is used again at once.
func TestAMessageKeepsNothingOfTheBuffer(t *testing.T) {
	for _, v := range readVectors(t) {
		buf := bytes.Clone(v.bytes)
		m, _, _ := Decode(buf)
		if m == nil {
			continue
		}
		before := says(m)
		for i := range buf {
			buf[i] ^= 0xff
		}
		if says(m) != before {
			t.Errorf("%s: the message changed with the buffer", v.name)
		}
	}
}

func TestAppendPanicsOnOurOwnBugs(t *testing.T) {
	for name, m := range map[string]Message{
		"no id":     &Renew{Epoch: 1},
		"bad name":  &Get{Name: "../a"},
		"no code":   &Error{By: Node},
		"at home":   &Error{By: Node, Code: Lost},
		"no one":    &Error{Code: NotFound},
		"long text": &Error{By: Node, Code: NotFound, Text: strings.Repeat("x", MaxText+1)},
		"no hash":   &Content{Size: 1, Length: 1},
		"no index":  &Published{Sequence: 1},
		"no holder": &Listed{Items: []Item{{Name: "a", Hash: Hash{1}, Count: 1, Holders: []uint64{0}}}},
		"mapped":    &Located{Peers: []Peer{{Host: append(append(make(IP, 10), 0xff, 0xff), 1, 2, 3, 4), Port: 1}}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: sent", name)
				}
			}()
			Append(nil, m)
		}()
	}
}

// TestAStrangerMayMakeUsHoldLess: the caller's limit is checked on the header, as the kind's own
// is.
func TestAStrangerMayMakeUsHoldLess(t *testing.T) {
	page := &Publish{ID: PeerID{1}, Epoch: 1, Index: 1, To: 100, Latest: 100}
	for range 100 {
		page.Changes = append(page.Changes, Entry{Name: "a name", Size: 1 << 20, Hash: Hash{1}})
	}
	frame := Append(nil, page)
	payload := len(frame) - HeaderSize
	if payload <= MaxFirst {
		t.Fatalf("a page of %d bytes is too short for this test", payload)
	}
	for _, most := range []int{payload, MaxControl, MaxList} {
		if m, size, refusal := DecodeWithin(frame, most); refusal != nil || size != len(frame) || !reflect.DeepEqual(m, page) {
			t.Errorf("within %d bytes: %v, %d, %v", most, m, size, refusal)
		}
	}
	for _, most := range []int{0, MaxFirst, payload - 1} {
		if m, size, refusal := DecodeWithin(frame[:HeaderSize], most); codeOf(refusal) != TooLarge || m != nil || size != 0 {
			t.Errorf("within %d bytes: %v, %d, %v", most, m, size, refusal)
		}
	}
	if _, _, refusal := DecodeWithin([]byte("RP\x01\x01\x00\x00\x10\x01"), MaxList); codeOf(refusal) != TooLarge {
		t.Errorf("a kind's own limit is lifted: %v", refusal)
	}
}

func TestAppendAppends(t *testing.T) {
	buf := Append([]byte("before"), &Left{})
	if string(buf) != "beforeRP\x01\x83\x00\x00\x00\x01\xa0" {
		t.Errorf("got %q", buf)
	}
}

func TestMilliseconds(t *testing.T) {
	for d, want := range map[time.Duration]uint64{0: 1, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2, time.Second: 1000} {
		if got := ToMillis(d); got != want {
			t.Errorf("ToMillis(%v) = %d, want %d", d, got, want)
		}
	}
}

func TestAFrameIsWholeWithItsLastByteAndNotBefore(t *testing.T) {
	frame := Append(nil, &Get{Name: "file"})
	for n := range frame {
		if Whole(frame[:n]) {
			t.Errorf("%d of %d bytes are taken for a whole frame", n, len(frame))
		}
	}
	if !Whole(frame) || !Whole(append(frame, 0)) {
		t.Error("a whole frame is not taken for one")
	}
}
