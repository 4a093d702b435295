//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReadmeCanBePasted runs the blocks of README that are marked as sh, from top to bottom, in one shell. It
// replaces the relay's port by a free one, and the go command by one that hands out the programs that have been built
// already, from the same folders.
func TestReadmeCanBePasted(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 6 {
		t.Fatalf("README has only %d blocks for a shell", len(blocks))
	}
	var script strings.Builder
	script.WriteString("set -e\n")
	for _, block := range blocks {
		script.WriteString(block[1])
	}
	work := t.TempDir()
	text := regexp.MustCompile(`\b4000\b`).ReplaceAllString(script.String(), freePort(t))
	output := runScript(t, work, jobsOf(text))
	for _, expected := range []string{"hello\n", "hello.txt\n", "photos/1.txt", "\tphotos/1.txt", "ok "} {
		if !strings.Contains(output, strings.TrimSpace(expected)) {
			t.Errorf("the output does not show %q:\n%s", expected, output)
		}
	}
	if left, err := os.ReadDir(work); err != nil || len(left) != 3 { // bin, tools, home
		t.Errorf("README leaves %v", left)
	}
}

// jobsOf writes jobs as a shell without job control knows them.
func jobsOf(script string) string {
	n := 0
	script = regexp.MustCompile(`(?m) &$`).ReplaceAllStringFunc(script, func(string) string {
		n++
		return fmt.Sprintf(" & job%d=$!", n)
	})
	return regexp.MustCompile(`%(\d)`).ReplaceAllString(script, "$$job$1")
}

// shim is the go command that knows the two ways in which README uses it.
const shim = `#!/bin/sh
case "$*" in
"build -o bin/ ./cmd/...") mkdir -p bin && exec cp -R "%[1]s/." bin/ ;;
"run ./cmd/"*) program=${2#./cmd/}; shift 2; exec "%[1]s/$program" "$@" ;;
*) echo "go $*: not built by this test" >&2; exit 1 ;;
esac
`

func runScript(t *testing.T, work, script string) string {
	t.Helper()
	tools := filepath.Join(work, "tools")
	for _, dir := range []string{tools, filepath.Join(work, "home")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(tools, "go"), []byte(fmt.Sprintf(shim, programs)), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-c", script)
	shell.Dir = work
	shell.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), "XDG_CACHE_HOME="+filepath.Join(work, "home"))
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	shell.Cancel, shell.WaitDelay = kill, 10*time.Second
	output, err := shell.CombinedOutput()
	if shell.Process != nil {
		kill() // a block that failed leaves its jobs
	}
	if err != nil {
		t.Fatalf("%v\n%s\nof\n%s", err, output, script)
	}
	return string(output)
}
