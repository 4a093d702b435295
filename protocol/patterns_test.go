package protocol

import (
	"os"
	"strings"
	"testing"
)

// TestPatternVectors reads testdata/patterns.txt, which describes its format.
func TestPatternVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/patterns.txt")
	if err != nil {
		t.Fatal(err)
	}
	had := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		had[fields[0]]++
		refusal := CheckPattern(fields[1])
		switch {
		case fields[0] == "bad":
			if codeOf(refusal) != BadName {
				t.Errorf("%q gives %v", fields[1], refusal)
			}
		case refusal != nil || CheckName(fields[2]) != nil:
			t.Errorf("%q: %v, %v", line, refusal, CheckName(fields[2]))
		case Match(fields[1], fields[2]) != (fields[0] == "yes"):
			t.Errorf("%q: it is the other way round", line)
		}
	}
	if had["yes"] == 0 || had["no"] == 0 || had["bad"] == 0 {
		t.Errorf("it has these cases: %v", had)
	}
}
