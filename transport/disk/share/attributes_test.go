package share_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// A file tells when it was changed, and whether it is a program, as it was when it was hashed.
func TestAFileTellsItsAttributes(t *testing.T) {
	folder := t.TempDir()
	someday := time.Date(2020, 2, 3, 4, 5, 6, 7_000_000, time.UTC)
	path := filepath.Join(folder, "run")
	if err := os.WriteFile(path, []byte("#!/bin/sh"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, someday); err != nil {
		t.Fatal(err)
	}
	share := openShare(t, folder, options{})
	file, refusal := share.Open(t.Context(), "run", protocol.Hash{}, func(_, _ uint64) {})
	if refusal != nil {
		t.Fatal(refusal)
	}
	defer file.Close()
	if got, want := file.Attributes(), protocol.AttributesOf(someday, runtime.GOOS != "windows"); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if !file.Changed() || file.Attributes().Executable {
		t.Errorf("%t, %+v", file.Changed(), file.Attributes())
	}
}
