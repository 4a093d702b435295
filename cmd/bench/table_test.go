package main

import (
	"strings"
	"testing"
)

func TestTableShowsRatiosAndBars(t *testing.T) {
	var out strings.Builder
	err := writeTable(&out, []string{"a day, a machine"}, []row{
		{"copy", 1430, "MiB/s", "other", 1100, bar{least: 1.3}},
		{"copy", 1430, "MiB/s", "bare", 2200, bar{least: 0.75}},
		{what: "memory", ours: 12.25, unit: "MiB", bar: bar{most: 64}},
		{what: "memory", ours: 65, unit: "MiB", bar: bar{most: 64}},
		{what: "time", ours: 0.0421, unit: "s"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `- a day, a machine

| measure | ours | against | ratio | bar |
|---|--:|---|--:|---|
| copy | 1,430 MiB/s | other: 1,100 MiB/s | 1.30 | at least 1.30: met |
| copy | 1,430 MiB/s | bare: 2,200 MiB/s | 0.65 | at least 0.75: missed |
| memory | 12.2 MiB |  |  | at most 64 MiB: met |
| memory | 65 MiB |  |  | at most 64 MiB: missed |
| time | 0.042 s |  |  |  |
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestNumbersCanBeRead(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 5: "5", 0.123: "0.12", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 1234.5: "1,234", 1e7: "10,000,000", -1234: "-1,234",
	} {
		if got := number(f); got != want {
			t.Errorf("%v is %q, not %q", f, want, got)
		}
	}
}
