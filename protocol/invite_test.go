package protocol

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// inviteVectors reads testdata/invites.txt, which describes its format.
func inviteVectors(t testing.TB) (all [][]string) {
	text, err := os.ReadFile("testdata/invites.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			all = append(all, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
		}
	}
	return all
}

func TestInviteVectors(t *testing.T) {
	had := map[string]int{}
	for _, fields := range inviteVectors(t) {
		had[fields[0]]++
		invite, err := ParseInvite(fields[1])
		switch {
		case fields[0] == "bad":
			if err == nil || invite != nil {
				t.Errorf("%q, %s: it is %v", fields[1], fields[2], invite)
			}
		case err != nil:
			t.Errorf("%q: %v", fields[1], err)
		default:
			key := invite.KeyID()
			got := []string{"good", invite.String(), strings.Join(invite.Addresses, " "), invite.Relay.String(), hex.EncodeToString(invite.Token[:]),
				hex.EncodeToString(invite.Secret[:]), invite.Role.String(), fmt.Sprint(invite.Expires), hex.EncodeToString(key[:])}
			if strings.Join(got, "\t") != strings.Join(fields, "\t") {
				t.Errorf("it is\n%s, not\n%s", got, fields)
			}
		}
	}
	if had["good"] < 4 || had["bad"] < 30 || len(had) != 2 {
		t.Errorf("it has these cases: %v", had)
	}
}

// TestNoErrorShowsASecret: an invite with something wrong in it is still one, to somebody who mends it.
func TestNoErrorShowsASecret(t *testing.T) {
	for _, fields := range inviteVectors(t) {
		_, err := ParseInvite(fields[1])
		if err == nil {
			continue
		}
		for at := 3; at+6 < len(fields[1]); at++ {
			if piece := fields[1][at : at+6]; strings.Contains(err.Error(), piece) && !strings.Contains("rp1 secret", piece) {
				t.Fatalf("%v has %q of the invite", err, piece)
			}
		}
		if text := err.Error(); Printable(text, len(text)) != text {
			t.Errorf("%q", text)
		}
	}
}

func TestEachWrongCharacterOfAnInviteIsNoticed(t *testing.T) {
	good := inviteVectors(t)[0][1]
	for at := range good {
		for _, letter := range "abcdefghijklmnopqrstuvwxyz234567" {
			wrong := good[:at] + string(letter) + good[at+1:]
			if _, err := ParseInvite(wrong); wrong != good && err == nil {
				t.Errorf("%s is an invite", wrong)
			}
		}
		if _, err := ParseInvite(good[:at]); err == nil {
			t.Errorf("%s is an invite", good[:at])
		}
	}
}

func TestAnInviteIsToldFromAHost(t *testing.T) {
	good := inviteVectors(t)[0][1]
	for text, is := range map[string]bool{good: true, strings.ToUpper(good): true, good[:20]: true, "rp1": false, "rp1.example": false, "rp1-host:4000": false, "relay": false, "": false} {
		if IsInvite(text) != is {
			t.Error(text)
		}
	}
}

func TestATokensIDHasOneText(t *testing.T) {
	id := TokenID{1, 2, 3, 4, 5}
	if again, ok := ParseTokenID(id.String()); !ok || again != id || len(id.String()) != 8 {
		t.Error(id)
	}
	for _, text := range []string{"", "aebagba", "aebagbafa", "AEBAGBAF", "aebagba1", "aebagbaf\n", "aebag\nbaf", "aebagbafaa"} {
		if id, ok := ParseTokenID(text); ok || id != (TokenID{}) {
			t.Errorf("%q", text)
		}
	}
}

func TestRolesHaveNames(t *testing.T) {
	for role := range Role(5) {
		again, ok := ParseRole(role.String())
		if ok != role.known() || ok && again != role {
			t.Error(role)
		}
	}
}

func TestAnInviteSaysUntilWhenItIsGood(t *testing.T) {
	if until := (&Invite{Expires: 1_800_000_000}).Until(); until.UTC().Format(time.DateOnly) != "2027-01-15" {
		t.Error(until)
	}
}

func FuzzParseInvite(f *testing.F) {
	for _, fields := range inviteVectors(f) {
		f.Add(fields[1])
	}
	f.Fuzz(func(t *testing.T, text string) {
		invite, err := ParseInvite(text)
		if err == nil && (invite.String() != text || len(text) > MaxInvite || invite.Check() != nil) {
			t.Errorf("%q is %v", text, invite)
		}
		if err != nil && (invite != nil || len(err.Error()) > 2*MaxText) {
			t.Errorf("%q: %v, %v", text, invite, err)
		}
	})
}
