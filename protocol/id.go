package protocol

import (
	"encoding/base32"
	"errors"
	"strings"

	"lukechampine.com/blake3"
)

// PeerID names a peer: it is the Ed25519 public key that the peer proves on each link over TLS. In
// plain it is 32 random bytes that a node draws and shows to its relay alone, because they suffice to
// end its lease. SPEC "Identity".
type PeerID [PeerIDSize]byte

// IsZero reports whether id is the zero id, which stands for no id.
func (id PeerID) IsZero() bool { return id == PeerID{} }

// A text form is base32 of the key, a checksum and the version: 35 bytes, 56 characters.
const (
	idVersion    = 1
	idSumSize    = 2
	idTextSize   = (PeerIDSize + idSumSize + 1) * 8 / 5
	idShortSize  = 8
	idSumContext = "relaypeer id"
)

// idText is base32 (RFC 4648) in lower case, as DNS labels and file names have it.
var idText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// String returns the text form of id, 56 characters. SPEC "Identity".
func (id PeerID) String() string {
	sum := id.sum()
	return idText.EncodeToString(append(append(id[:], sum[:]...), idVersion))
}

// Short returns the first 8 characters of the text form: for eyes only, since others can be made to
// begin alike.
func (id PeerID) Short() string { return id.String()[:idShortSize] }

func (id PeerID) sum() [idSumSize]byte {
	sum := blake3.Sum256(append([]byte(idSumContext), id[:]...))
	return [idSumSize]byte(sum[:])
}

// The errors of ParsePeerID.
var (
	errIDCase    = errors.New("an id is in lower case")
	errIDText    = errors.New("an id has 56 characters: letters from a to z and digits from 2 to 7")
	errIDVersion = errors.New("the id is of another version than 1: a later release may know it")
	errIDSum     = errors.New("the id has a wrong character: its checksum does not match")
	errIDWeak    = errors.New("the id is a weak key, which is nobody's")
)

// decodeText decodes base32 without line breaks, which base32 itself passes over.
func decodeText(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errIDText
	}
	return idText.DecodeString(text)
}

// ParsePeerID returns the id of a text form. There is one text of each id: white space, upper case and
// padding are errors.
func ParsePeerID(text string) (id PeerID, err error) {
	if text != strings.ToLower(text) {
		return id, errIDCase
	}
	bytes, err := decodeText(text)
	if err != nil || len(text) != idTextSize {
		return id, errIDText
	}
	copy(id[:], bytes)
	switch sum := id.sum(); {
	case [idSumSize]byte(bytes[PeerIDSize:]) != sum:
		return PeerID{}, errIDSum
	case bytes[PeerIDSize+idSumSize] != idVersion:
		return PeerID{}, errIDVersion
	case !id.Sound():
		return PeerID{}, errIDWeak
	}
	return id, nil
}

// Sound reports whether id can be one peer's key. Anybody can sign under the few points of small
// order, among them the zero id; they are the y-coordinates below, with either sign (Bernstein, Lange:
// "Failures in NIST's ECC standards" lists them for X25519 and Ed25519).
func (id PeerID) Sound() bool {
	id[PeerIDSize-1] &^= 0x80
	for _, y := range smallOrder {
		if id == y {
			return false
		}
	}
	return true
}

// smallOrder are the y-coordinates of the points of small order, p = 2^255-19: 0 (order 4), 1 (order 1),
// p-1 (order 2), the two of order 8, and p and p+1, which stand for 0 and 1 as well.
var smallOrder = [...]PeerID{
	{},
	{1},
	filled(0xec),
	filled(0xed),
	filled(0xee),
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
}

// filled returns the bytes of 2^255 less than 256 and a little: the first is as given.
func filled(first byte) (y PeerID) {
	for i := range y {
		y[i] = 0xff
	}
	y[0], y[PeerIDSize-1] = first, 0x7f
	return y
}
