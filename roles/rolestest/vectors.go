package rolestest

import (
	"encoding/hex"
	"io/fs"
	"strings"
	"testing"
)

// Vectors returns the streams of the protocol's vectors, good ones and bad ones.
func Vectors(t testing.TB, folder fs.FS) (streams [][]byte) {
	t.Helper()
	names, err := fs.Glob(folder, "*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(text), "\n\n")
		var stream []byte
		for line := range strings.SplitSeq(body, "\n") {
			digits, _, _ := strings.Cut(line, "#")
			part, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			stream = append(stream, part...)
		}
		streams = append(streams, stream)
	}
	return streams
}
