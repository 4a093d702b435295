package peer_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A program of another module embeds a relay, a node and a client, in less than 30 lines each. It
// is built from what the module cache has, and runs without a network.
func TestAProgramOutsideThisModuleEmbedsAllThree(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), outsideModule(t, top))
	sums, err := os.ReadFile(filepath.Join(top, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.sum"), string(sums))
	for _, name := range []string{"main.go", "relay.go", "node.go", "client.go"} {
		text, err := os.ReadFile(filepath.Join("testdata", "outside", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(text, []byte("\n")); lines >= 30 {
			t.Errorf("%s has %d lines", name, lines)
		}
		write(t, filepath.Join(dir, name), string(text))
	}
	run := exec.CommandContext(t.Context(), tool, "run", ".")
	run.Dir = dir
	run.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local")
	var complaints bytes.Buffer
	run.Stderr = &complaints
	out, err := run.Output()
	if want := "hello from outside\nfrom outside\n"; err != nil || string(out) != want {
		t.Errorf("%v, %q\n%s", err, out, &complaints)
	}
}

// outsideModule returns the go.mod of a module that takes this one, and what this one requires,
// from the disk.
func outsideModule(t *testing.T, top string) string {
	t.Helper()
	own, err := os.ReadFile(filepath.Join(top, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(own), "\n")
	if !found || !strings.HasPrefix(string(own), "module ") {
		t.Fatalf("go.mod begins with %.40q", own)
	}
	return fmt.Sprintf("module example.org/outside\n%s\nrequire github.com/relaypeer/relaypeer v0.0.0\n\nreplace github.com/relaypeer/relaypeer => %q\n", rest, filepath.ToSlash(top))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
