package protocol

import "encoding/binary"

// encodePage writes a Located as the CBOR library does, byte for byte, in a third of the time. A
// Located is long, and a relay writes one for each client.
func encodePage(m *Located) []byte {
	b := make([]byte, 0, pageRoom+len(m.Peers)*peerSize)
	b = appendHead(b, majorMap, 1+keys(len(m.Cursor) > 0, m.Young > 0, m.Withheld > 0))
	b = appendPeers(b, 1, m.Peers)
	b = appendBytes(b, 2, m.Cursor)
	b = appendUint(b, 3, m.Young)
	return appendUint(b, 4, m.Withheld)
}

// encodeList writes a Listed as the CBOR library does. A list of all names is a thousand of them.
func encodeList(m *Listed) []byte {
	const item = 1 + 1 + 2 + 1 + 9 + 1 + 2 + HashSize + 1 + 2 + 1 + 5 // bytes of most: map, name's head, size, hash, count, date
	size := pageRoom + len(m.Items)*item + (len(m.Peers)+len(m.Named))*peerSize
	for i := range m.Items {
		size += len(m.Items[i].Name) + len(m.Items[i].Holders)*3
	}
	b := make([]byte, 0, size)
	b = appendHead(b, majorMap, 1+keys(len(m.Peers) > 0, len(m.Cursor) > 0, m.Young > 0, m.Publishing > 0, m.Silent > 0, len(m.Named) > 0))
	b = appendHead(appendHead(b, majorUint, 1), majorArray, uint64(len(m.Items)))
	for i := range m.Items {
		b = appendItem(b, &m.Items[i])
	}
	if len(m.Peers) > 0 {
		b = appendPeers(b, 2, m.Peers)
	}
	b = appendBytes(b, 3, m.Cursor)
	b = appendUint(b, 4, m.Young)
	b = appendUint(b, 5, m.Publishing)
	b = appendUint(b, 6, m.Silent)
	if len(m.Named) > 0 {
		b = appendPeers(b, 7, m.Named)
	}
	return b
}

const (
	pageRoom = 64 + CursorSize                     // bytes of a page, besides its entries
	peerSize = 1 + 1 + 1 + 16 + 1 + 3 + idRoom + 2 // bytes of most: map, key, head and address, key, port, id, circuit
)

// keys returns how many of the keys that may be left out are there.
func keys(there ...bool) (n uint64) {
	for _, is := range there {
		if is {
			n++
		}
	}
	return n
}

func appendItem(b []byte, item *Item) []byte {
	hash := !item.Hash.IsZero()
	b = appendHead(b, majorMap, 2+keys(item.Size > 0, hash, len(item.Holders) > 0, item.Mark > 0, item.Modified > 0))
	b = appendHead(appendHead(b, majorUint, 1), majorText, uint64(len(item.Name)))
	b = append(b, item.Name...)
	b = appendUint(b, 2, item.Size)
	if hash {
		b = appendBytes(b, 3, item.Hash[:])
	}
	b = appendHead(appendHead(b, majorUint, 4), majorUint, item.Count)
	if len(item.Holders) > 0 {
		b = appendHead(appendHead(b, majorUint, 5), majorArray, uint64(len(item.Holders)))
		for _, at := range item.Holders {
			b = appendHead(b, majorUint, at)
		}
	}
	b = appendUint(b, 6, uint64(item.Mark))
	return appendUint(b, 7, item.Modified)
}

func appendPeers(b []byte, key uint64, peers []Peer) []byte {
	b = appendHead(appendHead(b, majorUint, key), majorArray, uint64(len(peers)))
	for i := range peers {
		b = appendPeer(b, &peers[i])
	}
	return b
}

func appendPeer(b []byte, p *Peer) []byte {
	hash := !p.Hash.IsZero()
	known := !p.ID.IsZero()
	b = appendHead(b, majorMap, keys(len(p.Host) > 0, p.Port > 0, hash, p.Size > 0, len(p.Also) > 0, known, p.Circuit > 0))
	b = appendBytes(b, 1, p.Host)
	b = appendUint(b, 2, uint64(p.Port))
	if hash {
		b = appendBytes(b, 3, p.Hash[:])
	}
	b = appendUint(b, 4, p.Size)
	b = appendBytes(b, 5, p.Also)
	if known {
		b = appendBytes(b, 6, p.ID[:])
	}
	return appendUint(b, 7, uint64(p.Circuit))
}

// appendUint appends a key with a number, unless that is 0.
func appendUint(b []byte, key, n uint64) []byte {
	if n == 0 {
		return b
	}
	return appendHead(appendHead(b, majorUint, key), majorUint, n)
}

// appendBytes appends a key with a byte string, unless that is empty.
func appendBytes(b []byte, key uint64, value []byte) []byte {
	if len(value) == 0 {
		return b
	}
	b = appendHead(appendHead(b, majorUint, key), majorBytes, uint64(len(value)))
	return append(b, value...)
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
