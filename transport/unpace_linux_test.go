package transport

import (
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// inNetwork is set where a test runs with a network of its own.
const inNetwork = "RELAYPEER_TEST_NETWORK"

// withNetwork runs a test as another process, whose network nobody else sees.
func withNetwork(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	if os.Getenv(inNetwork) != "" {
		test(t)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), inNetwork+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	switch text, err := cmd.CombinedOutput(); {
	case cmd.ProcessState == nil:
		t.Skipf("no process with a network of its own is allowed here: %v", err)
	case strings.Contains(string(text), "--- SKIP: "):
		t.Skipf("%s", text)
	case err != nil || !strings.Contains(string(text), "--- PASS: "+t.Name()):
		t.Errorf("%v\n%s", err, text)
	}
}

// lift gives the loopback interface an address, under an alias, and starts it.
func lift(t *testing.T, alias, address string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(alias)
	if err == nil {
		err = request.SetInet4Addr(net.ParseIP(address).To4())
	}
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCSIFADDR, request)
	}
	if err == nil {
		request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
		err = unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
	}
	if err != nil {
		t.Skip(err)
	}
}

// congestion returns the congestion control of a connection.
func congestion(t *testing.T, of syscall.Conn) (name string) {
	t.Helper()
	raw, err := of.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			name, _ = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
		})
	}
	if err != nil {
		t.Error(err)
	}
	return name
}

// accepted returns the congestion control of the far end of a connection, and of its listener.
func accepted(t *testing.T, from, to string) (conn, listener string) {
	t.Helper()
	network := TCP{}
	if from != "" {
		network.From = netip.MustParseAddr(from)
	}
	l, err := network.Listen(t.Context(), net.JoinHostPort(to, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), attemptGap)
	defer cancel()
	near, err := network.Dial(ctx, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	return congestion(t, far.(*net.TCPConn)), congestion(t, l.(tcpListener).TCPListener)
}

// Connections within this machine are not paced, and never were: their listener is not. All others keep the
// congestion control of the system, as all do where that does not pace.
func TestOnlyConnectionsWithinThisMachineAreUnpaced(t *testing.T) {
	withNetwork(t, func(t *testing.T) {
		const file = "/proc/sys/net/ipv4/tcp_congestion_control"
		lift(t, "lo", "127.0.0.1")
		lift(t, "lo:1", "10.9.0.1")
		lift(t, "lo:2", "10.9.0.2")
		tried := false
		for usual, calm := range map[string]string{"bbr": "reno", "cubic": "cubic", "reno": "reno"} {
			if err := os.WriteFile(file, []byte(usual), 0); err != nil {
				t.Logf("the system has no %s here: %v", usual, err)
				continue
			}
			tried = true
			for _, test := range []struct{ from, to, want string }{
				{"", "127.0.0.1", calm}, {"127.0.0.2", "127.0.0.3", calm}, {"", "::1", calm},
				{"10.9.0.1", "10.9.0.1", calm}, {"10.9.0.2", "10.9.0.1", usual}, {"10.9.0.1", "10.9.0.2", usual},
			} {
				got, listener := accepted(t, test.from, test.to)
				if got != test.want || listener != calm {
					t.Errorf("%s: from %q to %s: %q, not %s; its listener has %q", usual, test.from, test.to, got, test.want, listener)
				}
			}
		}
		if !tried {
			t.Skip("no congestion control can be chosen here")
		}
	})
}
