// Package e2e runs the programs together, as processes.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

// programs is the folder of the programs.
var programs string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "relaypeer-test-*")
	if err == nil {
		programs = filepath.Join(folder, "programs")
		err = build(programs)
	}
	if err != nil {
		os.RemoveAll(folder)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("XDG_CACHE_HOME", filepath.Join(folder, "caches")) // where nodes keep their indexes
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(folder)
		os.Exit(code)
	}))
}

// build builds the programs into a folder, with the race detector if the tests have it.
func build(folder string) error {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	args := []string{"build", "-o", folder}
	if info, is := debug.ReadBuildInfo(); is {
		for _, setting := range info.Settings {
			if setting.Key == "-race" {
				args = append(args, "-race="+setting.Value)
			}
		}
	}
	if text, err := exec.Command("go", append(args, "../...")...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}
