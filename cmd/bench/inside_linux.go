package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// All is measured in a network namespace of its own, where there is a loopback alone and where the congestion control
// can be chosen for everybody alike; see control.go.

const insideVariable = "RELAYPEER_BENCH_INSIDE"

// insideDirs returns the folders that the process outside has made, in the one inside.
func insideDirs() (dirs, bool) {
	quick, disk, is := strings.Cut(os.Getenv(insideVariable), "|")
	return dirs{quick, disk}, is
}

// runInside runs this program once more, in a network namespace of its own. It reports false if that can't be had.
func runInside(ctx context.Context, d dirs, args []string, stdout, stderr io.Writer) (done bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return false, nil
	}
	inside := exec.CommandContext(ctx, self, args...)
	inside.Env = append(os.Environ(), insideVariable+"="+d.quick+"|"+d.disk)
	inside.Stdout, inside.Stderr = stdout, stderr
	inside.Cancel = func() error { return inside.Process.Signal(syscall.SIGTERM) }
	inside.WaitDelay = 2 * stopWait
	attributes := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Setpgid: true}
	if os.Geteuid() != 0 {
		attributes.Cloneflags |= syscall.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		attributes.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN}
	}
	inside.SysProcAttr = attributes
	endsWithUs(inside)
	if err := inside.Start(); err != nil {
		return false, nil
	}
	err = inside.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() > 0 {
		return true, &cli.Failure{Code: exit.ExitCode()} // which it has told
	}
	return true, err
}

// enterNamespace makes the namespace usable: its loopback is up.
func enterNamespace() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	loopback, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	loopback.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	return nil
}
