package index

import (
	"encoding/binary"
	"hash/crc64"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// A record in the file is a head, a payload that may be empty, and a checksum of both. The head has
// a checksum of its own, so that the size in it can be trusted, and a segment's value be read alone:
//
//	 0  mark (3 bytes), kind
//	 4  size of the payload
//	 8  key: an inode, or tree and number of a segment
//	24  hash of a file, or value of a segment
//	56  checksum of the bytes before it
type recordHead struct {
	kind  recordKind
	size  int
	key   recordKey
	value protocol.Hash
}

// recordKey is an inode, or tree and number of a segment.
type recordKey [2]uint64

func (i Inode) key() recordKey { return recordKey{i.Device, i.Number} }

func (name segmentName) key() recordKey { return recordKey{name.tree, name.number} }

// recordKind is the kind of a record.
type recordKind byte

const (
	ofFile    recordKind = 1 // a [Record]
	ofSegment recordKind = 2 // of a tree
	ofNothing recordKind = 3 // the record of a file counts no longer
)

const (
	mark        = "\xf7rp" // at the begin of each record
	sumSize     = 8
	recordSize  = 3 + 1 + 4 + 2*8 + protocol.HashSize + sumSize // of a head
	fileSize    = recordSize + filePayload + sumSize
	mostPayload = (content.SegmentGroups - 1) * content.NodeSize
)

var sums = crc64.MakeTable(crc64.ECMA)

// appendRecord appends a record.
func appendRecord(b []byte, kind recordKind, key recordKey, value protocol.Hash, payload []byte) []byte {
	begin := len(b)
	b = append(append(slices.Grow(b, recordSize+len(payload)+sumSize), mark...), byte(kind))
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, key[0]), key[1])
	b = append(b, value[:]...)
	b = append(binary.BigEndian.AppendUint64(b, crc64.Checksum(b[begin:], sums)), payload...)
	return binary.BigEndian.AppendUint64(b, crc64.Checksum(b[begin:], sums))
}

// readHead reads the head of a record. It reports false for anything else.
func readHead(b []byte) (head recordHead, ok bool) {
	const summed = recordSize - sumSize
	if len(b) < recordSize || string(b[:len(mark)]) != mark || number(b[summed:]) != crc64.Checksum(b[:summed], sums) {
		return head, false
	}
	head = recordHead{recordKind(b[3]), int(binary.BigEndian.Uint32(b[4:])), recordKey{number(b[8:]), number(b[16:])}, protocol.Hash(b[24:summed])}
	switch head.kind {
	case ofFile:
		ok = head.size == filePayload
	case ofSegment:
		ok = head.size <= mostPayload && head.size%content.NodeSize == 0
	case ofNothing:
		ok = head.size == 0
	}
	return head, ok
}

// whole returns the size of the record.
func (h recordHead) whole() int { return recordSize + h.size + sumSize }

// payload returns the payload of a record. It reports false if the record is not what was written.
func (h recordHead) payload(record []byte) (payload []byte, ok bool) {
	if len(record) < h.whole() {
		return nil, false
	}
	end := recordSize + h.size
	return record[recordSize:end], number(record[end:]) == crc64.Checksum(record[:end], sums)
}
