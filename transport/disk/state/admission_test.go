package state_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

var (
	today   = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	from    = netip.MustParseAddr("192.0.2.7")
	visitor = protocol.PeerID{31: 1, 0: 40}
)

// newAdmit returns the files of a closed relay with an empty owner's file.
func newAdmit(t *testing.T) state.AdmitFiles {
	t.Helper()
	files, err := state.AdmitAt(filepath.Join(t.TempDir(), "friends"))
	if err != nil {
		t.Fatal(err)
	}
	if made, err := files.Create(); err != nil || !made {
		t.Fatal(made, err)
	}
	return files
}

// invited makes an invite that is good for a day.
func invited(t *testing.T, files state.AdmitFiles, role protocol.Role, uses int, name string) *protocol.Invite {
	t.Helper()
	invite, err := files.NewInvite([]string{"relay.example:4000"}, visitor, role, uses, today.Add(24*time.Hour), name)
	if err != nil {
		t.Fatal(err)
	}
	return invite
}

func opened(t *testing.T, files state.AdmitFiles) *state.Admission {
	t.Helper()
	a, err := state.OpenAdmission(files.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func numbered(n byte) protocol.PeerID { return protocol.PeerID{0: 100 + n, 31: 1} }

// admits demands that a token admits a peer with a role, or does not for a reason.
func admits(t *testing.T, a *state.Admission, id protocol.PeerID, by protocol.TokenID, at time.Time, want any) {
	t.Helper()
	role, err := a.Admit(id, by, from, at)
	refusal := state.Refusal("")
	switch want := want.(type) {
	case protocol.Role:
		if err != nil || role != want || a.Role(id) != want {
			t.Errorf("%s is %s and %s: %v", id.Short(), role, a.Role(id), err)
		}
	case string:
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), want) || role != 0 {
			t.Errorf("%s is %s: %v, not %q", id.Short(), role, err, want)
		}
	}
}

func TestATokenAdmitsAsManyAsItHasUses(t *testing.T) {
	files := newAdmit(t)
	invite := invited(t, files, protocol.NodeRole, 2, "ann")
	a := opened(t, files)
	if key, err := a.Key(invite.Token); key != invite.KeyID() || err != nil {
		t.Errorf("%v, %v", key, err)
	}
	if key, err := a.Key(protocol.TokenID{1}); !key.IsZero() || err != nil {
		t.Errorf("an unknown token: %v, %v", key, err)
	}
	if a.Role(numbered(1)) != 0 {
		t.Error("a stranger has a role")
	}
	admits(t, a, numbered(1), invite.Token, today, protocol.NodeRole)
	admits(t, a, numbered(1), invite.Token, today, protocol.NodeRole) // uses nothing
	admits(t, a, numbered(2), invite.Token, today, protocol.NodeRole)
	admits(t, a, numbered(3), invite.Token, today, "used up")
	admits(t, a, numbered(1), invite.Token, today.Add(1000*time.Hour), protocol.NodeRole) // no expiry locks out
	admits(t, a, numbered(3), protocol.TokenID{9}, today, "no such invite")
	a.Close()
	a = opened(t, files)
	admits(t, a, numbered(3), invite.Token, today, "used up")
	admits(t, a, numbered(2), invite.Token, today, protocol.NodeRole)
	all, err := files.Members()
	if err != nil || len(all) != 2 || all[0] != (state.Member{ID: numbered(1), Token: invite.Token, Role: protocol.NodeRole, Date: today, From: from, Name: "ann"}) {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestATokenExpires(t *testing.T) {
	files := newAdmit(t)
	invite := invited(t, files, protocol.ClientRole, 1, "")
	a := opened(t, files)
	admits(t, a, numbered(1), invite.Token, today.Add(24*time.Hour), "expired on 2026-11-28 12:00:00 UTC")
	admits(t, a, numbered(1), invite.Token, today.Add(24*time.Hour-time.Second), protocol.ClientRole)
}

// What the command line writes while the relay runs counts at the next look.
func TestTokensAndRevocationsAreReadAgain(t *testing.T) {
	files := newAdmit(t)
	a := opened(t, files)
	one, two := invited(t, files, protocol.BothRoles, 5, "ann"), invited(t, files, protocol.ClientRole, 5, "bob")
	if key, err := a.Key(one.Token); key != one.KeyID() || err != nil {
		t.Errorf("a token that was made while the relay ran: %v, %v", key, err)
	}
	admits(t, a, numbered(1), one.Token, today, protocol.BothRoles)
	admits(t, a, numbered(2), one.Token, today, protocol.BothRoles)
	if err := files.Revoke([]state.Revocation{{ID: numbered(1), Date: today}, {Token: one.Token, Date: today}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Refresh(); err != nil {
		t.Fatal(err)
	}
	if a.Role(numbered(1)) != 0 || !a.Barred(numbered(1)) || a.Role(numbered(2)) != protocol.BothRoles || a.Barred(numbered(2)) {
		t.Error("the first alone is revoked")
	}
	admits(t, a, numbered(1), one.Token, today, "your key has been revoked")
	admits(t, a, numbered(1), two.Token, today, "your key has been revoked")
	admits(t, a, numbered(2), one.Token, today, protocol.BothRoles)
	admits(t, a, numbered(3), one.Token, today, "the invite has been revoked")
	admits(t, a, numbered(2), two.Token, today, protocol.BothRoles) // may do as much already
	admits(t, a, numbered(3), two.Token, today, protocol.ClientRole)
}

// TestWhoIsAdmittedWhileHisInviteIsRevokedIsNot: either whoever revokes a name finds the member, or the relay finds what he has
// revoked, and takes the line back.
func TestWhoIsAdmittedWhileHisInviteIsRevokedIsNot(t *testing.T) {
	for _, moment := range []string{"open it to append", "append a line", "make the line durable"} {
		files := newAdmit(t)
		a := opened(t, files)
		invite, other := invited(t, files, protocol.BothRoles, 9, "bob"), invited(t, files, protocol.ClientRole, 9, "ann")
		admits(t, a, numbered(1), other.Token, today, protocol.ClientRole)
		inIt := false
		undo := state.SetBefore(func(what string) error {
			if what == moment && !inIt {
				inIt = true
				return files.Revoke([]state.Revocation{{Token: invite.Token, Date: today}})
			}
			return nil
		})
		_, err := a.Admit(numbered(2), invite.Token, from, today)
		undo()
		if err == nil || !inIt || a.Role(numbered(2)) != 0 {
			t.Errorf("%s: he is %s: %v", moment, a.Role(numbered(2)), err)
		}
		admits(t, a, numbered(3), other.Token, today, protocol.ClientRole)
		a.Close()
		again := opened(t, files)
		if got := []protocol.Role{again.Role(numbered(1)), again.Role(numbered(2)), again.Role(numbered(3))}; got[0] == 0 || got[1] != 0 || got[2] == 0 {
			t.Errorf("%s: they are %v after a restart", moment, got)
		}
	}
}

// TestATornNameIsNoName: a line that a crash has cut in its last field names nobody.
func TestATornNameIsNoName(t *testing.T) {
	files := newAdmit(t)
	a := opened(t, files)
	invite := invited(t, files, protocol.BothRoles, 9, "johannes")
	admits(t, a, numbered(1), invite.Token, today, protocol.BothRoles)
	a.Close()
	path := files.Path() + ".members"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 1; cut < len("johannes"); cut++ {
		if err := os.WriteFile(path, text[:len(text)-1-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		a := opened(t, files)
		if role := a.Role(numbered(1)); role != 0 {
			t.Errorf("without %d letters of its name it is %s", cut, role)
		}
		admits(t, a, numbered(2), invite.Token, today, protocol.BothRoles)
		a.Close()
		if a = opened(t, files); a.Role(numbered(1)) != 0 || a.Role(numbered(2)) == 0 {
			t.Errorf("after another one %s and %s", a.Role(numbered(1)), a.Role(numbered(2)))
		}
		a.Close()
	}
}

// TestFilesThatMakeNoSenseAreReadSeldom: however many strangers ask.
func TestFilesThatMakeNoSenseAreReadSeldom(t *testing.T) {
	files := newAdmit(t)
	a := opened(t, files)
	invite := invited(t, files, protocol.BothRoles, 9, "bob")
	if key, err := a.Key(invite.Token); err != nil || key.IsZero() {
		t.Fatal(key, err)
	}
	path := files.Path() + ".tokens"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append([]byte("nonsense\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	reads, last := 0, a.Tried()
	for range 1000 {
		if key, err := a.Key(protocol.TokenID{1}); err == nil || !key.IsZero() {
			t.Fatal(key, err)
		}
		now := a.Tried()
		if !now.Equal(last) && reads > 0 && now.Sub(last) < state.TryAgain {
			t.Fatalf("they were read again after %v", now.Sub(last))
		}
		if !now.Equal(last) {
			reads, last = reads+1, now
		}
	}
	if reads == 0 {
		t.Error("they were not read")
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Refresh(); err != nil {
		t.Errorf("they are mended: %v", err)
	}
}

// A member with a further invite may do what both say.
func TestRolesAddUp(t *testing.T) {
	files := newAdmit(t)
	client, node := invited(t, files, protocol.ClientRole, 1, ""), invited(t, files, protocol.NodeRole, 1, "")
	a := opened(t, files)
	admits(t, a, numbered(1), client.Token, today, protocol.ClientRole)
	admits(t, a, numbered(1), node.Token, today, protocol.BothRoles)
	admits(t, a, numbered(2), node.Token, today, "used up")
}

func TestTheOwnersFileIsReadWhenTheOwnerSaysSo(t *testing.T) {
	files := newAdmit(t)
	a := opened(t, files)
	write := func(text string) {
		if err := os.WriteFile(files.Path(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# friends\n\n" + numbered(1).String() + " ann node\n" + numbered(2).String() + "\tbob\tclient") // no end of the line
	if a.Role(numbered(1)) != 0 {
		t.Error("it was read before")
	}
	if err := a.Reload(); err != nil || a.Role(numbered(1)) != protocol.NodeRole || a.Role(numbered(2)) != protocol.ClientRole {
		t.Errorf("%v, %v, %v", a.Role(numbered(1)), a.Role(numbered(2)), err)
	}
	for _, bad := range []string{
		"x\n", numbered(3).String() + " ann\n", numbered(3).String() + " ann owner\n", numbered(3).String() + " ann node more\n",
		numbered(3).String()[:55] + " ann node\n", strings.ToUpper(numbered(3).String()) + " ann node\n",
		numbered(3).String() + "  ann node\n", numbered(3).String() + " ann node\n" + numbered(3).String() + " ann client\n",
		numbered(3).String() + " " + strings.Repeat("a", 65) + " node\n", numbered(3).String() + " \x1b[2J node\n", "\xff\n", numbered(3).String() + " ann no", // not torn: written by people
		protocol.PeerID{}.String() + " nobody node\n",
	} {
		write("# a comment\n" + bad)
		if err := a.Reload(); err == nil || !strings.Contains(err.Error(), files.Path()+":") {
			t.Errorf("%q: %v", bad, err)
		}
		if a.Role(numbered(1)) != protocol.NodeRole || a.Role(numbered(3)) != 0 {
			t.Errorf("%q: the list before is not kept", bad)
		}
		if other, err := state.OpenAdmission(files.Path()); err == nil {
			other.Close()
			t.Errorf("%q: a relay starts with it", bad)
		}
	}
	write("")
	if err := a.Reload(); err != nil || a.Role(numbered(1)) != 0 {
		t.Errorf("%v, %v", a.Role(numbered(1)), err)
	}
}

func TestAClosedRelayDoesNotStartWithoutItsFiles(t *testing.T) {
	files, err := state.AdmitAt(filepath.Join(t.TempDir(), "friends"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.OpenAdmission(files.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no owner's file: %v", err)
	}
	files.Create()
	if made, err := files.Create(); made || err != nil {
		t.Error(made, err)
	}
	a := opened(t, files)
	if _, err := state.OpenAdmission(files.Path()); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("a second relay: %v", err)
	}
	a.Close()
	for suffix, line := range map[string]string{
		".tokens":  "aebagbaf " + visitor.String() + " node 1 2026-11-28T12:00:00Z ann\n",
		".members": numbered(1).String() + " aebagbaf node 2026-11-28T12:00:00Z 192.0.2.7 ann\n",
		".revoked": "aebagbaf 2026-11-28T12:00:00Z\n" + numbered(1).String() + " 2026-11-28T12:00:00Z\n",
	} {
		path := files.Path() + suffix
		for _, bad := range []string{"x\n" + line, strings.Replace(line, "aebagbaf", "AEBAGBAF", 1), strings.Replace(line, "T12", " 12", 1), line + "\x00\n", line[:len(line)-5] + "\n" + line} {
			os.WriteFile(path, []byte(bad), 0o600)
			if other, err := state.OpenAdmission(files.Path()); err == nil || !strings.Contains(err.Error(), path+":") {
				t.Errorf("%s with %q: %v", suffix, bad, err)
				if other != nil {
					other.Close()
				}
			}
		}
		os.WriteFile(path, []byte(line), 0o600)
		opened(t, files).Close()
		os.WriteFile(path, []byte(line+line[:20]), 0o600) // torn
		opened(t, files).Close()
		os.Remove(path)
	}
	os.WriteFile(files.Path()+".tokens", []byte(strings.Repeat("aebagbaf "+visitor.String()+" node 1 2026-11-28T12:00:00Z ann\n", 2)), 0o600)
	if other, err := state.OpenAdmission(files.Path()); err == nil {
		t.Error("one token twice")
		other.Close()
	}
}

// A member whose line could not be written as a whole has not been admitted, and the use of the token
// is not lost.
func TestAnAdmissionMayFailAtEachChange(t *testing.T) {
	for n, failed := 0, true; failed; n++ {
		files := newAdmit(t)
		invite := invited(t, files, protocol.NodeRole, 2, "ann")
		a := opened(t, files)
		left := n
		failed = false
		undo := state.SetBefore(func(string) error {
			if left--; left == -1 {
				failed = true
				return syscall.ENOSPC
			}
			return nil
		})
		role, err := a.Admit(numbered(1), invite.Token, from, today)
		undo()
		if failed != (err != nil) || failed && (role != 0 || a.Role(numbered(1)) != 0 || errors.As(err, new(state.Refusal))) {
			t.Errorf("at %d: %v, %v", n, role, err)
		}
		admits(t, a, numbered(2), invite.Token, today, protocol.NodeRole)
		admits(t, a, numbered(1), invite.Token, today, protocol.NodeRole)
		admits(t, a, numbered(3), invite.Token, today, "used up")
		a.Close()
		if all, err := files.Members(); err != nil || len(all) != 2 {
			t.Errorf("at %d: %v, %v", n, all, err)
		}
		if !failed && n < 3 {
			t.Errorf("only %d changes of the disk were counted", n)
		}
	}
}

func TestAFullDiskAdmitsNobody(t *testing.T) {
	files := newAdmit(t)
	invite := invited(t, files, protocol.NodeRole, 1, "ann")
	a := opened(t, files)
	undo := state.SetWrite(func(file *os.File, text []byte) (int, error) {
		n, _ := file.Write(text[:len(text)/2])
		return n, syscall.ENOSPC
	})
	_, err := a.Admit(numbered(1), invite.Token, from, today)
	undo()
	if !errors.Is(err, syscall.ENOSPC) || a.Role(numbered(1)) != 0 {
		t.Errorf("%v", err)
	}
	admits(t, a, numbered(2), invite.Token, today, protocol.NodeRole)
	if all, err := files.Members(); err != nil || len(all) != 1 || all[0].ID != numbered(2) {
		t.Errorf("%v, %v", all, err)
	}
}

func TestTheMembersHaveOneWriter(t *testing.T) {
	files := newAdmit(t)
	invite := invited(t, files, protocol.NodeRole, 9, "ann")
	a := opened(t, files)
	admits(t, a, numbered(1), invite.Token, today, protocol.NodeRole)
	text, _ := os.ReadFile(files.Path() + ".members")
	for _, other := range []string{"", string(text[:20]), string(text) + "# x\n"} {
		os.WriteFile(files.Path()+".members", []byte(other), 0o600)
		if _, err := a.Admit(numbered(2), invite.Token, from, today); err == nil || errors.As(err, new(state.Refusal)) {
			t.Errorf("%q: %v", other, err)
		}
	}
	os.WriteFile(files.Path()+".members", text, 0o600)
	admits(t, a, numbered(2), invite.Token, today, protocol.NodeRole)
}

// Whenever an admission is killed the peer is admitted as a whole or not at all; one that was told so is.
func TestAnAdmissionMayBeKilledAnywhere(t *testing.T) {
	if folder, is := isChild(); is {
		files, _ := state.AdmitAt(filepath.Join(folder, "friends"))
		files.Create()
		invite, err := files.NewInvite([]string{"a:1"}, visitor, protocol.NodeRole, 1, today.Add(time.Hour), "ann")
		if err != nil {
			t.Fatal(err)
		}
		a, err := state.OpenAdmission(files.Path())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Admit(numbered(1), invite.Token, from, today); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("entered\n")
		if err := files.Revoke([]state.Revocation{{Token: invite.Token, Date: today}}); err != nil {
			t.Fatal(err)
		}
		return
	}
	for n, whole := 0, false; !whole; n++ {
		folder := t.TempDir()
		var says string
		says, whole = child(t, folder, n)
		files, _ := state.AdmitAt(filepath.Join(folder, "friends"))
		files.Create()
		a, err := state.OpenAdmission(files.Path())
		if err != nil {
			t.Fatalf("killed at %d: %v", n, err)
		}
		entered := a.Role(numbered(1)) == protocol.NodeRole
		if says == "entered" && !entered {
			t.Errorf("killed at %d: the member is lost", n)
		}
		if tokens, _ := files.Tokens(); len(tokens) == 1 {
			want := any(protocol.NodeRole)
			if entered {
				want = "used up"
			}
			if revoked, _ := files.Revoked(); len(revoked) > 0 {
				want = "the invite has been revoked"
			}
			admits(t, a, numbered(2), tokens[0].ID, today, want)
		} else if entered {
			t.Errorf("killed at %d: a member without its token", n)
		}
		a.Close()
		if whole && n < 10 {
			t.Errorf("only %d changes of the disk were counted", n)
		}
	}
}

// Several processes that invite at once each have their line.
func TestSeveralInviteAtOnce(t *testing.T) {
	files := newAdmit(t)
	done := make(chan error)
	for i := range 8 {
		go func() {
			_, err := files.NewInvite([]string{"a:1"}, visitor, protocol.NodeRole, 1, today, fmt.Sprint("n", i))
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if all, err := files.Tokens(); len(all) != 8 || err != nil {
		t.Errorf("%d tokens, %v", len(all), err)
	}
}

func TestABadTokenIsNotWritten(t *testing.T) {
	files := newAdmit(t)
	for _, x := range []struct {
		address string
		uses    int
		name    string
		until   time.Time
	}{{"a", 1, "ann", today}, {"a:1", 0, "ann", today}, {"a:1", state.MaxUses + 1, "ann", today}, {"a:1", 1, "a b", today}, {"a:1", 1, "a\nb", today}, {"a:1", 1, "ann", time.Unix(0, 0)}} {
		if _, err := files.NewInvite([]string{x.address}, visitor, protocol.NodeRole, x.uses, x.until, x.name); err == nil {
			t.Errorf("%+v", x)
		}
	}
	if all, err := files.Tokens(); len(all) != 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
}

// FuzzAdmitFiles: whatever is in the files there is an error, or each entry is sound.
func FuzzAdmitFiles(f *testing.F) {
	f.Add(numbered(1).String() + " ann node\n")
	f.Add("aebagbaf " + visitor.String() + " node 1 2026-11-28T12:00:00Z ann\n")
	f.Add(numbered(1).String() + " aebagbaf node 2026-11-28T12:00:00Z 192.0.2.7 ann\n")
	f.Add("aebagbaf 2026-11-28T12:00:00Z\n")
	f.Add("# x\n \t\n" + visitor.String() + " 2026-11-28T12:00:00Z")
	f.Fuzz(func(t *testing.T, text string) {
		if err := state.ParseAdmitFiles([]byte(text)); err != nil {
			t.Error(err)
		}
	})
}

// TestAnAdmittedIDHasTheNameOfTheOwnersFile, or else that of its token.
func TestAnAdmittedIDHasTheNameOfTheOwnersFile(t *testing.T) {
	files := newAdmit(t)
	a := opened(t, files)
	for n, name := range map[byte]string{1: "anna", 2: ""} {
		invite := invited(t, files, protocol.BothRoles, 1, name)
		if _, err := a.Admit(numbered(n), invite.Token, from, today); err != nil {
			t.Fatal(err)
		}
	}
	names := func(want string) {
		t.Helper()
		if got := fmt.Sprintf("%q %q %q of %d", a.Name(numbered(1)), a.Name(numbered(2)), a.Name(numbered(3)), a.Count()); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	names(`"anna" "" "" of 2`)
	text := fmt.Sprintf("%s ann both\n%s carl node\n", numbered(1), numbered(3))
	if err := os.WriteFile(files.Path(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	names(`"ann" "" "carl" of 3`)
	a.Close()
	a = opened(t, files)
	names(`"ann" "" "carl" of 3`)
}
