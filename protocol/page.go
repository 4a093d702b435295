package protocol

import "encoding/binary"

// encodePage writes a Located as the CBOR library does, byte for byte, in a third of the time. A
// Located is long, and a relay writes one for each client.
func encodePage(m *Located) []byte {
	const peer = 1 + 1 + 1 + 16 + 1 + 3 // bytes at most: map, key, string head and address, key, port
	b := make([]byte, 0, 16+len(m.Peers)*peer+len(m.Cursor))
	keys := uint64(1)
	if len(m.Cursor) > 0 {
		keys++
	}
	if m.Young > 0 {
		keys++
	}
	if m.Withheld > 0 {
		keys++
	}
	b = appendHead(b, majorMap, keys)
	b = appendHead(b, majorUint, 1)
	b = appendHead(b, majorArray, uint64(len(m.Peers)))
	for i := range m.Peers {
		b = appendPeer(b, &m.Peers[i])
	}
	if len(m.Cursor) > 0 {
		b = appendHead(b, majorUint, 2)
		b = appendHead(b, majorBytes, uint64(len(m.Cursor)))
		b = append(b, m.Cursor...)
	}
	if m.Young > 0 {
		b = appendHead(b, majorUint, 3)
		b = appendHead(b, majorUint, m.Young)
	}
	if m.Withheld > 0 {
		b = appendHead(b, majorUint, 4)
		b = appendHead(b, majorUint, m.Withheld)
	}
	return b
}

func appendPeer(b []byte, p *Peer) []byte {
	keys := uint64(2)
	if !p.Hash.IsZero() {
		keys++
	}
	if p.Size > 0 {
		keys++
	}
	if len(p.Also) > 0 {
		keys++
	}
	b = appendHead(b, majorMap, keys)
	b = appendHead(b, majorUint, 1)
	b = appendHead(b, majorBytes, uint64(len(p.Host)))
	b = append(b, p.Host...)
	b = appendHead(b, majorUint, 2)
	b = appendHead(b, majorUint, uint64(p.Port))
	if !p.Hash.IsZero() {
		b = appendHead(b, majorUint, 3)
		b = appendHead(b, majorBytes, HashSize)
		b = append(b, p.Hash[:]...)
	}
	if p.Size > 0 {
		b = appendHead(b, majorUint, 4)
		b = appendHead(b, majorUint, p.Size)
	}
	if len(p.Also) > 0 {
		b = appendHead(b, majorUint, 5)
		b = appendHead(b, majorBytes, uint64(len(p.Also)))
		b = append(b, p.Also...)
	}
	return b
}

// appendHead appends the first bytes of a CBOR item: its major type, and its argument in as few
// bytes as possible.
func appendHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}
