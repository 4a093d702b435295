package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/cpu"
)

const (
	hashing  = "lukechampine.com/blake3"
	decides  = "guts/cpu.go"
	ifWide   = "cpuid.CPU.Supports(cpuid.AVX512F)"
	wideFlag = "cpu.avx512f=off" // of GODEBUG; Go's runtime and our own hashing heed it
)

// wideRegisters says whether programs that we measure use AVX-512.
func wideRegisters(off bool) string {
	switch {
	case off:
		return "AVX-512 switched off for relaypeer"
	case cpu.X86.HasAVX512F:
		return "AVX-512"
	}
	return "no AVX-512"
}

// narrow has our programs, once built with the flags that it returns, do without AVX-512 as they do
// on a machine that has none: AVX2 stays. The library that hashes parts of groups asks the processor
// itself, so a copy of it is built in that does not.
func narrow(ctx context.Context, work string) (flags []string, err error) {
	if err := os.Setenv("GODEBUG", strings.TrimPrefix(os.Getenv("GODEBUG")+","+wideFlag, ",")); err != nil {
		return nil, err
	}
	library, err := goList(ctx, hashing)
	if err != nil {
		return nil, err
	}
	ours, err := goList(ctx, "github.com/relaypeer/relaypeer")
	if err != nil {
		return nil, err
	}
	module := filepath.Join(work, "narrow")
	if err := copyNarrow(library, module); err != nil {
		return nil, err
	}
	file := filepath.Join(work, "narrow.mod")
	if err := copyFile(filepath.Join(ours, "go.mod"), file, fmt.Sprintf("\nreplace %s => %q\n", hashing, module)); err != nil {
		return nil, err
	}
	return []string{"-modfile", file}, copyFile(filepath.Join(ours, "go.sum"), filepath.Join(work, "narrow.sum"), "")
}

// goList returns the folder of a module that our programs are built from.
func goList(ctx context.Context, module string) (string, error) {
	command, stderr := newCommand(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	out, err := command.Output()
	if err != nil {
		return "", stderr.explain("go list", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// copyNarrow copies the library, and answers for the processor that it has no AVX-512.
func copyNarrow(from, to string) error {
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.Join(to, strings.TrimPrefix(path, from))
		if entry.IsDir() {
			return os.MkdirAll(name, 0o755)
		}
		return copyFile(path, name, "")
	})
	if err != nil {
		return err
	}
	file := filepath.Join(to, filepath.FromSlash(decides))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if strings.Count(string(text), ifWide) != 1 {
		return errors.New(decides + " of " + hashing + " does not decide about AVX-512 as it used to")
	}
	return os.WriteFile(file, []byte(strings.Replace(string(text), ifWide, "false", 1)), 0o644)
}

// copyFile copies a file, with more behind it.
func copyFile(from, to, more string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, append(text, more...), 0o644)
}
