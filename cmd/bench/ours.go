package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// build builds our programs, and this one, for what has to be a process of its own. They are static, as on a machine
// without a C compiler.
func build(ctx context.Context, to string, noWide bool) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	args := []string{"build", "-o", to + string(os.PathSeparator)}
	if noWide {
		flags, err := narrow(ctx, filepath.Dir(to))
		if err != nil {
			return err
		}
		args = append(args, flags...)
	}
	for _, program := range []string{"relay-server", "peer-node", "peer-client", "bench"} {
		args = append(args, "github.com/relaypeer/relaypeer/cmd/"+program)
	}
	command, stderr := newCommand(ctx, "go", args...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := command.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("building our programs needs Go: %w", err)
		}
		return stderr.explain("go build", err)
	}
	return nil
}

// speaking returns the flags that have our programs speak as the lab says.
func (l *lab) speaking() []string {
	if l.overTLS {
		return []string{"--plain=false", "--state=-"}
	}
	return nil
}

// speakPlain has our programs speak in plain, as most rivals do, until the returned function is called.
func speakPlain() (end func()) {
	const variable = "RELAYPEER_PLAIN"
	was, set := os.LookupEnv(variable)
	os.Setenv(variable, "true")
	return func() {
		if os.Unsetenv(variable); set {
			os.Setenv(variable, was)
		}
	}
}

// crew is a relay and one node that shares a folder.
type crew struct {
	lab        *lab
	relay      *server
	host, port string // the relay's
	folder     string
	node       *server // nil: none is running
	at         string  // where the node is listed
	reach      string  // how clients get there: a word of the node's ready line
}

// startCrew starts a relay, and a node with flags over a folder that then has hashed and published so many files.
func (l *lab) startCrew(ctx context.Context, folder string, files int, flags ...string) (*crew, error) {
	c, err := l.startRelay(ctx)
	if err != nil {
		return nil, err
	}
	c.folder = folder
	if err := c.startNode(ctx, flags...); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	if err := c.indexed(ctx, files); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// startRelay starts a relay that no node is registered at.
func (l *lab) startRelay(ctx context.Context, flags ...string) (*crew, error) {
	args := append([]string{"--log-level", "warn", "--host", "127.0.0.1", "0"}, flags...)
	args = append(args, l.speaking()...)
	relay, at, err := serve(ctx, "ready ", l.program("relay-server"), args...)
	if err != nil {
		return nil, err
	}
	c := &crew{lab: l, relay: relay}
	if c.host, c.port, err = net.SplitHostPort(at); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// startNode starts the node, and returns when it is ready. What it knows of its files lies beside its folder.
func (c *crew) startNode(ctx context.Context, flags ...string) error {
	args := append(c.lab.speaking(), "--log-level", "warn", "--listen", "127.0.0.1:0",
		"--share", c.folder, "--index", filepath.Clean(c.folder)+".index", c.host, c.port)
	args = append(args, flags...) // of two that say different things the last counts
	node, at, err := serve(ctx, "ready ", c.lab.program("peer-node"), args...)
	if err != nil {
		return err
	}
	at, reach, _ := strings.Cut(at, " ")
	if _, err := netip.ParseAddrPort(at); err != nil {
		return errors.Join(fmt.Errorf("peer-node is ready at %q: %w", at, err), node.stop())
	}
	c.node, c.at, c.reach = node, at, reach
	return nil
}

func (c *crew) stopNode() error {
	if c.node == nil {
		return nil
	}
	node := c.node
	c.node = nil
	return node.stop()
}

// stop ends the node, so that it can say goodbye, and then the relay.
func (c *crew) stop() error { return errors.Join(c.stopNode(), c.relay.stop()) }

// fetch has peer-client fetch to a file or folder. The CPU time is that of client and node together.
func (c *crew) fetch(ctx context.Context, target string, flagsAndNames ...string) (sample, error) {
	args := append([]string{c.host, c.port, "--log-level", "warn", "-o", target}, append(c.lab.speaking(), flagsAndNames...)...)
	also := spent(c.node)
	s, err := finish(ctx, c.lab.program("peer-client"), args...)
	s.cpu += also()
	return s, err
}
