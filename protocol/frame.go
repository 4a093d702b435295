package protocol

import (
	"encoding/binary"
	"fmt"
)

// Append appends the frame of m, header and payload, to buf. It panics on a message that breaks the protocol:
// that is a bug of the caller, which the peer would otherwise have to report.
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

// Decode reads the first frame of buf. It returns the message and how many bytes its frame took; or nil and 0
// when buf ends before the frame does (read more, and call again); or the [Error] to answer with, after which
// nothing more can be read from this stream. The error's By is left for the caller to fill.
//
// The header is judged as soon as it is there, so a claimed length over the kind's limit is refused before a byte
// of the payload is waited for. The message holds no reference to buf.
func Decode(buf []byte) (m Message, size int, err *Error) { return DecodeWithin(buf, MaxList) }

// DecodeWithin is Decode for a payload of at most so many bytes, whatever its kind allows: what a stranger may make us
// hold is [MaxFirst].
func DecodeWithin(buf []byte, most int) (m Message, size int, err *Error) {
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

// Whole reports whether buf begins with a whole frame, if it begins with a frame at all.
func Whole(buf []byte) bool {
	return len(buf) >= HeaderSize && uint64(len(buf)-HeaderSize) >= uint64(binary.BigEndian.Uint32(buf[4:]))
}

// decodeHeader judges as much of a header as is there, so that what is no frame at all (an HTTP request, a TLS
// hello) is known by its first bytes. Without an error and without info, more is needed.
func decodeHeader(buf []byte, most int) (info *KindInfo, length int, err *Error) {
	for i := range min(len(buf), len(Magic)) {
		if buf[i] != Magic[i] {
			return nil, 0, malformed("this is the relaypeer protocol: a frame starts with %q", Magic)
		}
	}
	frozen := len(buf) > 3 && Kind(buf[3]) == KindError // ERROR is the same in every version, or nobody could read why not
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
