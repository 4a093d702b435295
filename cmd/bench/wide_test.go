package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheLibraryCanBeKeptFromAVX512 fails when a release of it decides in another way: then wide.go has to follow.
func TestTheLibraryCanBeKeptFromAVX512(t *testing.T) {
	library, err := goList(t.Context(), hashing)
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if err := copyNarrow(library, to); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(to, decides))
	if err != nil || strings.Contains(string(text), "AVX512F") || !strings.Contains(string(text), "cpuid.AVX2") {
		t.Errorf("%v\n%s", err, text)
	}
}
