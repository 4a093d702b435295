package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// A closed standard output is told from a discarded one. The test runs itself, under a shell.
func TestAClosedStreamIsKnown(t *testing.T) {
	const child = "RELAYPEER_TEST_CLOSED"
	if os.Getenv(child) != "" {
		fmt.Fprintf(os.Stderr, "closed: %t\n", cli.IsClosed(os.Stdout))
		return
	}
	for command, want := range map[string]bool{
		`"$0" "$1" >&-; :`:             true,
		`exec >&-; "$0" "$1"; :`:       true,
		`"$0" "$1" >/dev/null; :`:      false,
		`exec 1<>/dev/null; "$0" "$1"`: false,
		`"$0" "$1" | cat`:              false,
	} {
		run := exec.CommandContext(t.Context(), "sh", "-c", command, os.Args[0], "-test.run=^"+t.Name()+"$")
		run.Env = append(os.Environ(), child+"=1")
		var told strings.Builder
		run.Stdout, run.Stderr = os.Stdout, &told
		if err := run.Run(); err != nil || !strings.Contains(told.String(), fmt.Sprintf("closed: %t", want)) {
			t.Errorf("%s: %v, %s", command, err, told.String())
		}
	}
	// A program that is no shell may discard a stream with /dev/null for reading and writing.
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	run := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	run.Env = append(os.Environ(), child+"=1")
	var told strings.Builder
	run.Stdout, run.Stderr = null, &told
	if err := run.Run(); err != nil || !strings.Contains(told.String(), "closed: false") {
		t.Errorf("%v, %s", err, told.String())
	}
}
