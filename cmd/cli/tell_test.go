package cli

import (
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
)

// No failure shows the secret of an invite, wherever it was put.
func TestAFailureShowsNoInvite(t *testing.T) {
	secret := strings.Repeat("abcdefgh234567", 8)
	for _, invite := range []string{protocol.InvitePrefix + secret, strings.ToUpper(protocol.InvitePrefix + secret)} {
		for _, text := range []string{invite, "--relay \" " + invite + "\": it has a space", "RELAY=" + invite, "\ufeff" + invite + "\n"} {
			if got := withoutInvites(text); strings.Contains(strings.ToLower(got), secret[:10]) || !strings.Contains(got, "secret") {
				t.Errorf("%q", got)
			}
		}
	}
	for _, text := range []string{"rp1 is no invite", "the host rp1.example does not answer", ""} {
		if got := withoutInvites(text); got != text {
			t.Errorf("%q", got)
		}
	}
}
