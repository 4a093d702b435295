package protocol

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"lukechampine.com/blake3"
)

// TokenID names a token, by which a closed relay admits peers.
type TokenID [TokenIDSize]byte

// String returns the text form of a token's id: 8 characters of base32.
func (id TokenID) String() string { return idText.EncodeToString(id[:]) }

// ParseTokenID reads 8 characters of base32 in lower case.
func ParseTokenID(text string) (id TokenID, ok bool) {
	decoded, err := decodeText(text)
	if err != nil || copy(id[:], decoded) != len(id) || id.String() != text {
		return TokenID{}, false
	}
	return id, true
}

// Role is what a member of a closed relay may do there.
type Role uint8

// The roles.
const (
	NodeRole   Role = 1 // register, publish, and all that clients may: a node that mirrors asks, too
	ClientRole Role = 2 // ask: LOCATE and LIST
	BothRoles  Role = 3
)

var roleNames = [...]string{NodeRole: "node", ClientRole: "client", BothRoles: "both"}

// String returns node, client or both; "nobody" for the zero Role, which may do nothing.
func (r Role) String() string {
	if r.known() {
		return roleNames[r]
	}
	return "nobody"
}

// Covers reports whether a role may do all that another one may. A node may do all that there is.
func (r Role) Covers(other Role) bool { return r&NodeRole != 0 || r&other == other }

func (r Role) known() bool { return r >= NodeRole && r <= BothRoles }

// ParseRole reads node, client or both.
func ParseRole(text string) (Role, bool) {
	for role := NodeRole; role <= BothRoles; role++ {
		if roleNames[role] == text {
			return role, true
		}
	}
	return 0, false
}

// Invite is what somebody needs to be admitted by a closed relay. Its text is one word, which is to be
// kept secret until it is used up. SPEC "Admission".
type Invite struct {
	Addresses []string         `cbor:"1,keyasint"` // host:port of the relay, each in the form of NormalAddress
	Relay     PeerID           `cbor:"2,keyasint"`
	Token     TokenID          `cbor:"3,keyasint"`
	Secret    [SecretSize]byte `cbor:"4,keyasint"`
	Role      Role             `cbor:"5,keyasint"`
	Expires   uint64           `cbor:"6,keyasint"` // seconds since 1970
}

const (
	// InvitePrefix is what each invite begins with.
	InvitePrefix     = "rp1"
	inviteSumSize    = 4
	inviteSumContext = "relaypeer invite"
	inviteKeyContext = "relaypeer invite key"
)

// IsInvite reports whether a text can only be meant for an invite.
func IsInvite(text string) bool {
	return len(text) > 2*len(InvitePrefix) && strings.HasPrefix(strings.ToLower(text), InvitePrefix) && !strings.ContainsAny(text, ".:/")
}

// String returns the word that the invite is.
func (i *Invite) String() string {
	payload, err := encMode.Marshal(i)
	if err != nil {
		panic(err) // no value of the type fails
	}
	return InvitePrefix + idText.EncodeToString(append(payload, inviteSum(payload)...))
}

func inviteSum(payload []byte) []byte {
	sum := blake3.Sum256(append([]byte(inviteSumContext), payload...))
	return sum[:inviteSumSize]
}

// The errors of ParseInvite. None shows a part of the text, which may have the secret in it.
var (
	errInvitePrefix = errors.New("an invite begins with rp1: a later release may know another beginning")
	errInviteCase   = errors.New("an invite is in lower case")
	errInviteLong   = fmt.Errorf("an invite has %d characters at most", MaxInvite)
	errInviteText   = errors.New("an invite consists of letters from a to z and digits from 2 to 7: something is missing from it, or too much")
	errInviteSum    = errors.New("the invite has a wrong character, or is not whole: its checksum does not match")
	errInviteForm   = errors.New("the invite is not of the form that this version knows")
)

// ParseInvite returns the invite of a text. There is one text of each invite: white space and upper case
// are errors. One that has expired is none.
func ParseInvite(text string) (*Invite, error) {
	switch {
	case len(text) > MaxInvite:
		return nil, errInviteLong
	case text != strings.ToLower(text):
		return nil, errInviteCase
	case !strings.HasPrefix(text, InvitePrefix):
		return nil, errInvitePrefix
	}
	decoded, err := decodeText(text[len(InvitePrefix):])
	size := len(decoded) - inviteSumSize
	if err != nil || size < 0 {
		return nil, errInviteText
	}
	payload := decoded[:size]
	if !bytes.Equal(decoded[size:], inviteSum(payload)) {
		return nil, errInviteSum
	}
	invite := new(Invite)
	if err := decMode.Unmarshal(payload, invite); err != nil || invite.String() != text {
		return nil, errInviteForm
	}
	if err := invite.Check(); err != nil {
		return nil, err
	}
	return invite, nil
}

// Check returns why nobody can use an invite, or nil.
func (i *Invite) Check() error {
	switch {
	case len(i.Addresses) == 0 || len(i.Addresses) > MaxAddresses:
		return fmt.Errorf("an invite has 1 to %d addresses of its relay, not %d", MaxAddresses, len(i.Addresses))
	case !i.Relay.Sound():
		return errors.New("the relay's id in the invite is a weak key, which is nobody's")
	case !i.Role.known():
		return errors.New("the invite is for no role that this version knows")
	case i.Expires == 0 || i.Expires > maxExpires:
		return errors.New("the invite expires at no time that there is")
	}
	for _, address := range i.Addresses {
		if normal, err := NormalAddress(address); err != nil || normal != address {
			return fmt.Errorf("%s is no address of a relay in the form of an invite", Printable(address, MaxText))
		}
	}
	if len(i.String()) > MaxInvite {
		return errInviteLong
	}
	return nil
}

// maxExpires is the end of the year 9999.
const maxExpires = 253402300799

// Until returns when the invite expires.
func (i *Invite) Until() time.Time { return time.Unix(int64(min(i.Expires, math.MaxInt64)), 0) }

// Key returns the key whose signature shows that the invite's secret is known. The relay has its public
// half alone.
func (i *Invite) Key() ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	blake3.DeriveKey(seed, inviteKeyContext, i.Secret[:])
	return ed25519.NewKeyFromSeed(seed)
}

// KeyID returns the public half of Key.
func (i *Invite) KeyID() PeerID { return PeerID(i.Key().Public().(ed25519.PublicKey)) }
