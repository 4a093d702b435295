package cli

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/state"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// Secured is whether a program speaks over TLS, and what it keeps for that.
type Secured struct {
	Plain   bool
	Invite  *protocol.Invite // to the relay; nil: there is none
	dir     string           // as --state says
	relayID string
	strict  bool

	folder *state.Folder // nil: nothing is kept between runs
}

// SecureFlags gives a program the flags --plain and --state. Keeps says what the state folder is for.
func (s *Secured) SecureFlags(command *cobra.Command, keeps string) {
	flags := command.Flags()
	flags.BoolVar(&s.Plain, "plain", false,
		"speak without TLS: nothing is encrypted, and nobody proves who he is. For trusted networks; all programs have to be told")
	flags.StringVar(&s.dir, "state", "", "the `DIR` that keeps "+keeps+"; - for none (default: relaypeer in the user's state folder)")
}

// TrustFlags gives a program that dials a relay the flags --relay-id and --strict.
func (s *Secured) TrustFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&s.relayID, "relay-id", "", "the `ID` that the relay has to prove, as relay-server id prints it (default: the one that it proved at first contact)")
	flags.BoolVar(&s.strict, "strict", false, "do not ask a relay that is not known")
}

// Open opens the state folder. Where there is none, and none can be made, that costs a warning: what
// would be kept there lasts as long as the program. One that is there and cannot be used is an error.
func (s *Secured) Open(log hclog.Logger) (err error) {
	if s.dir == "-" {
		return nil
	}
	if s.folder, err = state.Open(s.dir); errors.Is(err, state.ErrNoFolder) {
		log.Warn("nothing can be kept for the next start, neither a key nor which relays are known; set --state", "why", err)
		return nil
	}
	return err
}

// Folder returns the state folder, or nil if nothing is kept between runs.
func (s *Secured) Folder() *state.Folder { return s.folder }

// Named reports whether the user has named a state folder.
func (s *Secured) Named() bool { return s.dir != "" && s.dir != "-" }

// Key returns a key of the state folder, or one that lasts as long as the program.
func (s *Secured) Key(name string) (ed25519.PrivateKey, error) {
	if s.folder == nil {
		return state.NewKey()
	}
	return s.folder.Key(name)
}

// Trust returns which relay is to be taken for the one at its address.
func (s *Secured) Trust() (t peer.Trust, err error) {
	if s.Plain && (s.relayID != "" || s.strict) {
		return t, Usage("--plain: a relay proves nothing in plain; --relay-id and --strict are about what it proves")
	}
	if s.Plain && s.Invite != nil {
		return t, Usage("--plain: an invite is for a key, and in plain nobody has one")
	}
	if s.relayID != "" {
		if t.RelayID, err = protocol.ParsePeerID(s.relayID); err != nil {
			return t, Usage("--relay-id: %v", err)
		}
	}
	t.Known, t.Strict, t.Invite = s.folder.KnownRelays(), s.strict, s.Invite
	return t, nil
}

// WithHint adds to a failure that is about who a relay is what to do, if there is something.
func (s *Secured) WithHint(err error, relay string) error {
	var why *peer.Error
	if !errors.As(err, &why) || s.Hint(why.Code, relay) == "" {
		return err
	}
	return &Failure{ExitCode(err), err.Error() + "; " + s.Hint(why.Code, relay)}
}

// Hint returns what to do about a relay that is not what it should be; "": nothing particular.
func (s *Secured) Hint(code protocol.Code, relay string) string {
	switch code {
	case protocol.RelayChanged:
		return s.changed(relay)
	case protocol.Denied:
		return s.unknownThere(relay)
	case protocol.RelayUnknown:
		return "--relay-id ID says which one it is, and without --strict the first that answers is taken"
	case protocol.NoTLS:
		return "with --plain it is asked so, and then nothing is encrypted and nobody proves who he is"
	case protocol.TLSRequired:
		return "leave out --plain"
	}
	return ""
}

// unknownThere returns what to do where a closed relay does not know the key of this run, and one that some relay has admitted is
// kept: it is used by itself only where the relay is known by an invite, so that nobody else sees it.
func (s *Secured) unknownThere(relay string) string {
	if s.folder == nil || s.Named() || s.Invite != nil || !s.folder.HasKey(state.ClientKey) {
		return ""
	}
	if invited, err := s.folder.KnownRelays().HasInvited(relay); err != nil || invited {
		return ""
	}
	return fmt.Sprintf("if it has admitted you before, at another address or before it was forgotten: --state %s uses the key that you had then", filepath.Clean(s.folder.Path(".")))
}

// changed returns what to do about another relay than the expected one: that depends on who says which one it is to be.
func (s *Secured) changed(relay string) string {
	wanted, addresses, who := protocol.PeerID{}, []string{relay}, "--relay-id"
	if s.Invite != nil {
		wanted, addresses, who = s.Invite.Relay, s.Invite.Addresses, "the invite"
	}
	if id, err := protocol.ParsePeerID(s.relayID); err == nil {
		if s.Invite != nil && id != wanted {
			return "--relay-id and the invite say two things: leave out --relay-id if the invite is to be trusted"
		}
		wanted = id
	}
	for _, address := range addresses {
		if known, is, err := s.folder.KnownRelays().Find(address); err != nil || !is || known.ID == wanted {
			continue
		}
		forget := "peer-client forget " + address
		if s.Named() {
			forget = "peer-client forget --state " + s.dir + " " + address
		}
		if s.Plain {
			return fmt.Sprintf("leave out --plain; if it is right that the relay there speaks in plain alone, %s first", forget)
		}
		if wanted.IsZero() {
			return fmt.Sprintf("if that is right (it has a new key, or is another one), %s takes the next one that answers; if not, somebody is in between", forget)
		}
		return fmt.Sprintf("if %s is right (it has a new key, or is another one), %s lets that count; if not, do not use it", who, forget)
	}
	if !wanted.IsZero() {
		return fmt.Sprintf("the relay there is not the one that %s names: its owner knows which is right (relay-server id); if %[1]s is, somebody is in between", who)
	}
	return "another one answers than before: its owner knows which is right (relay-server id)"
}
