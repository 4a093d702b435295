package browser

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var (
	programs string          // the folder of the programs
	chromium context.Context // of the browser in which each test has tabs; nil: there is none
)

// screenshots is where the screenshots of the README go.
var screenshots = flag.String("screenshots", "", "write screenshots to this `DIR`")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "relaypeer-browser-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	programs = filepath.Join(folder, "programs")
	if err := errors.Join(os.Mkdir(programs, 0o755), build()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv("XDG_CACHE_HOME", filepath.Join(folder, "caches")) // where nodes keep their indexes
	path := find()
	if path == "" {
		fmt.Println("NOT TESTED: the pages in a browser: there is no Chromium here")
		return m.Run()
	}
	end, err := launch(path, folder)
	defer end()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Chromium does not start:", err)
		return 1
	}
	return m.Run()
}

// build builds the programs.
func build() error {
	command := exec.Command("go", "build", "-o", programs, "./cmd/relay-server", "./cmd/peer-node", "./cmd/peer-client")
	command.Dir = filepath.Join("..", "..")
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

// find returns the path of Chromium; none: it is not installed.
func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// launch starts the browser, which ends with what is returned.
func launch(path, folder string) (end func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(folder, "profile")),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.CombinedOutput(io.Discard),
		chromedp.Env("TMPDIR="+folder))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	browser, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(log.New(io.Discard, "", 0).Printf))
	if err = chromedp.Do(browser); err == nil {
		chromium = browser
	}
	return func() {
		chromedp.Cancel(browser) // waits for its end
		cancel()
		stop()
	}, err
}
