package protocol

import (
	"strings"
	"testing"
)

func TestAHashIsReadAsItIsWritten(t *testing.T) {
	h := Hash{0: 0xab, 31: 1}
	for _, text := range []string{h.String(), strings.ToUpper(h.String())} {
		if got, ok := ParseHash(text); !ok || got != h {
			t.Errorf("%q is read as %v, %v", text, got, ok)
		}
	}
	for why, text := range map[string]string{
		"nothing": "", "a digit too few": h.String()[1:], "a digit too many": h.String() + "0", "no digit": "x" + h.String()[1:],
		"no hash": Hash{}.String(),
	} {
		if got, ok := ParseHash(text); ok {
			t.Errorf("%s is read as %v", why, got)
		}
	}
}

func TestGroupsAreRoundedUp(t *testing.T) {
	for size, want := range map[uint64]uint64{
		0: 0, 1: 1, GroupSize - 1: 1, GroupSize: 1, GroupSize + 1: 2, MaxFile: MaxFile / GroupSize,
	} {
		if got := Groups(size); got != want {
			t.Errorf("%d bytes have %d groups, want %d", size, got, want)
		}
	}
}
