// Package e2e runs the programs together, as processes.
package e2e

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// programs is the folder of the programs; raced: they have the race detector, which takes memory.
var (
	programs string
	raced    bool
)

// proxyFrom and proxyTo are set where this program is no test, but a proxy between these addresses.
const (
	proxyFrom = "RELAYPEER_TEST_PROXY_FROM"
	proxyTo   = "RELAYPEER_TEST_PROXY_TO"
)

// proxy passes on what comes, until it is killed.
func proxy(from, to string) {
	listener, err := net.Listen("tcp", from)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready", listener.Addr())
	for {
		near, err := listener.Accept()
		if err != nil {
			os.Exit(1)
		}
		go func() {
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				return
			}
			pass := func(from, to net.Conn) {
				io.Copy(to, from)
				to.(*net.TCPConn).CloseWrite()
			}
			go pass(near, far)
			pass(far, near)
		}()
	}
}

func TestMain(m *testing.M) {
	if from := os.Getenv(proxyFrom); from != "" {
		proxy(from, os.Getenv(proxyTo))
	}
	if signal.Ignored(syscall.SIGHUP) { // as under nohup: the programs would ignore it, too
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	beside()
	os.Setenv("GORACE", strings.TrimSpace("atexit_sleep_ms=100 "+os.Getenv("GORACE"))) // a program waits a second for others' reports
	folder, err := os.MkdirTemp("", "relaypeer-test-*")
	if err == nil {
		programs = filepath.Join(folder, "programs")
		err = errors.Join(keepGoCache(), build(programs))
	}
	if err != nil {
		os.RemoveAll(folder)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("XDG_CACHE_HOME", filepath.Join(folder, "caches")) // where nodes keep their indexes
	os.Setenv("XDG_STATE_HOME", filepath.Join(folder, "state"))  // where keys and known relays are
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(folder)
		os.Exit(code)
	}))
}

// beside has more tests run at once than there are processors, unless the command says how many: they wait for programs
// most of the time, for a timeout or a second to pass.
func beside() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0)))
	}
}

// keepGoCache has the go command use its cache of now, also when the user's caches are elsewhere.
func keepGoCache() error {
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return err
	}
	return os.Setenv("GOCACHE", strings.TrimSpace(string(cache)))
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
				raced = setting.Value == "true"
			}
		}
	}
	if text, err := exec.Command("go", append(args, "../...")...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}
