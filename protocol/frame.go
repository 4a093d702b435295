package protocol

import (
	"encoding/binary"
	"fmt"
)

// Append appends the frame of m, header and payload, to buf. It panics on a message that breaks the
// protocol: that is a bug of the caller, which the peer would otherwise have to report.
func Append(buf []byte, m Message) []byte {
	if err := m.check(); err != nil {
		panic(fmt.Sprintf("protocol: sending a bad %s: %v", m.Kind(), err))
	}
	payload, err := encode(m)
	if err != nil || len(payload) > m.Kind().Info().Limit {
		panic(fmt.Sprintf("protocol: sending a %s of %d bytes: %v", m.Kind(), len(payload), err))
	}
	buf = append(buf, Magic...)
	buf = append(buf, Version, byte(m.Kind()))
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(payload)))
	return append(buf, payload...)
}

// Decode reads the first frame of buf. It returns the message and the size of its frame; or nil and
// 0 if buf ends before the frame does (read more, and call again); or an error, after which nothing
// more can be read from this stream. [AsError] gives the [*Error] to answer with; its By is left
// for the caller to fill.
//
// The header is checked as soon as it is complete, so that a claimed length above the kind's limit
// is refused before any of the payload has come. The message holds no reference to buf.
func Decode(buf []byte) (m Message, size int, err error) { return DecodeWithin(buf, MaxList) }

// DecodeWithin is Decode with an additional limit on the payload, in bytes. [MaxFirst] is the limit
// for a first message, which comes from a stranger.
func DecodeWithin(buf []byte, most int) (m Message, size int, err error) {
	m, size, refusal := decodeFrame(buf, most)
	return m, size, untyped(refusal)
}

func decodeFrame(buf []byte, most int) (m Message, size int, err *Error) {
	info, length, err := decodeHeader(buf, most)
	if info == nil || len(buf) < HeaderSize+length {
		return nil, 0, err
	}
	m = info.new()
	if err := decode(buf[HeaderSize:HeaderSize+length], m); err != nil {
		return nil, 0, err
	}
	return m, HeaderSize + length, nil
}

// Whole reports whether buf holds as many bytes as the header at its start claims.
func Whole(buf []byte) bool {
	return len(buf) >= HeaderSize && uint64(len(buf)-HeaderSize) >= uint64(binary.BigEndian.Uint32(buf[4:]))
}

// decodeHeader checks as much of a header as has come, so that other protocols (an HTTP request, a
// TLS hello) are recognized by their first bytes. It returns neither an error nor info if it needs
// more.
func decodeHeader(buf []byte, most int) (info *KindInfo, length int, err *Error) {
	for i := range min(len(buf), len(Magic)) {
		if buf[i] != Magic[i] {
			return nil, 0, malformed("this is the relaypeer protocol: a frame starts with %q", Magic)
		}
	}
	// ERROR is the same in every version: otherwise a peer of another version could not read it.
	frozen := len(buf) > 3 && Kind(buf[3]) == KindError
	if len(buf) > 3 && buf[2] != Version && !frozen {
		return nil, 0, &Error{Code: BadVersion, Text: fmt.Sprintf("version %d is not spoken here, only %d", buf[2], Version)}
	}
	if len(buf) > 3 && Kind(buf[3]).Info() == nil {
		return nil, 0, &Error{Code: UnknownKind, Text: fmt.Sprintf("kind 0x%02x is not spoken here", buf[3])}
	}
	if len(buf) < HeaderSize {
		return nil, 0, nil
	}
	info = Kind(buf[3]).Info()
	claimed, most := binary.BigEndian.Uint32(buf[4:]), min(most, info.Limit)
	if claimed > uint32(most) {
		return nil, 0, &Error{Code: TooLarge, Text: fmt.Sprintf("%s of %d bytes, more than %d", info.Name, claimed, most)}
	}
	return info, int(claimed), nil
}
