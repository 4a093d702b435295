package cli

import (
	"strings"
	"testing"
)

func TestSizesAreShownToPeople(t *testing.T) {
	for n, text := range map[uint64]string{
		0: "0 bytes", 1: "1 byte", 1023: "1023 bytes", 1 << 10: "1 KiB", 1536: "1.5 KiB", 10 << 20: "10 MiB", 1<<20 - 1: "1 MiB",
		1000 << 20: "1000 MiB", 1 << 30: "1 GiB", 1<<30 + 1<<29: "1.5 GiB", 1 << 62: "4 EiB",
	} {
		if got := Bytes(n); got != text {
			t.Errorf("%d: %s instead of %s", n, got, text)
		}
	}
	for text, n := range map[string]uint64{
		"1": 1, "65536": 65536, "500K": 500 << 10, "500k": 500 << 10, "1.5M": 3 << 19, "10MiB": 10 << 20, "2MB": 2 << 20, "1G": 1 << 30, "1T": 1 << 40, "7B": 7,
	} {
		if got, err := ParseBytes(text); got != n || err != nil {
			t.Errorf("%s: %d instead of %d, %v", text, got, n, err)
		}
	}
	for _, text := range []string{"", "0", "K", "-1", "1e3", "1 M", "10X", "1MM", "1KM", "0x10", "inf", "NaN", "9999999T", "0.1", "1iBK", "+1", "1i"} {
		if got, err := ParseBytes(text); err == nil || !strings.HasPrefix(err.Error(), `"`+text+`" is no`) {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for n, text := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := Grouped(n); got != text {
			t.Errorf("%d: %s instead of %s", n, got, text)
		}
	}
	if Percent(0, 0) != 100 || Percent(1, 3) != 33 || Percent(999, 1000) != 99 || Percent(5, 4) != 100 {
		t.Error("Percent is wrong")
	}
}
