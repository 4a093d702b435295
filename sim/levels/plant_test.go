package levels

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

// plant is a bug that only this level can find. It wraps a part of the real code.
type plant struct {
	wrapNetwork   func(transport.Network) transport.Network
	wrapDirectory func(relay.Directory) relay.Directory
	tells         []string // the output of a failing run contains one of these
	race          bool     // only the race detector finds it for sure
}

func (p plant) network(n transport.Network) transport.Network {
	if p.wrapNetwork == nil {
		return n
	}
	return p.wrapNetwork(n)
}

func (p plant) directory(d relay.Directory) relay.Directory {
	if p.wrapDirectory == nil {
		return d
	}
	return p.wrapDirectory(d)
}

var plants = map[string]plant{
	"": {},
	"goroutine leaked": {
		wrapNetwork: func(n transport.Network) transport.Network { return leaky{n} },
		tells:       []string{"deadlock", "blocked goroutines", "still running"},
	},
	"write without a deadline": {
		wrapNetwork: func(n transport.Network) transport.Network { return patient{n} },
		tells:       []string{"deadlock", "blocked goroutines", "L1"},
	},
	"registry without its lock": {
		wrapDirectory: func(d relay.Directory) relay.Directory { return &unlocked{Directory: d} },
		tells:         []string{"DATA RACE", "concurrent map"},
		race:          true,
	},
}

// leaky leaks a goroutine with each dial.
type leaky struct{ transport.Network }

func (l leaky) Dial(ctx context.Context, address string) (transport.Conn, error) {
	go func() { <-make(chan struct{}) }()
	return l.Network.Dial(ctx, address)
}

// patient waits forever for a peer that does not read: its connections have no deadlines, and some
// of the peers hang.
type patient struct{ transport.Network }

func (p patient) Dial(ctx context.Context, address string) (transport.Conn, error) {
	conn, err := p.Network.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return undated{conn}, nil
}

func (p patient) Listen(ctx context.Context, address string) (transport.Listener, error) {
	l, err := p.Network.Listen(ctx, address)
	return patientListener{l}, err
}

type patientListener struct{ transport.Listener }

func (l patientListener) Accept() (transport.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return undated{conn}, nil
}

type undated struct{ transport.Conn }

func (undated) SetDeadline(time.Time) error      { return nil }
func (undated) SetWriteDeadline(time.Time) error { return nil }

// unlocked counts its callers without a lock.
type unlocked struct {
	relay.Directory
	calls map[netip.Addr]int
	once  sync.Once
}

func (u *unlocked) Locate(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
	u.once.Do(func() { u.calls = map[netip.Addr]int{} })
	u.calls[netip.Addr{}]++
	return u.Directory.Locate(at, from, m)
}

// TestPlantedBugsDie runs each bug in a child process, because the bugs are fatal to their process.
func TestPlantedBugsDie(t *testing.T) {
	if *planted != "" {
		return
	}
	for name, p := range plants {
		if name == "" || p.race && !raceDetector {
			continue
		}
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			out, err := exec.CommandContext(ctx, os.Args[0], "-test.run", "^(TestBubble|TestASilentReaderIsLetGo)$", "-planted", name, "-rapid.nofailfile").CombinedOutput()
			if err == nil {
				t.Fatalf("the bug survived\n%s", out)
			}
			for _, tell := range p.tells {
				if strings.Contains(string(out), tell) {
					t.Logf("killed after %v by %q", time.Since(began).Round(time.Millisecond), tell)
					return
				}
			}
			t.Errorf("killed by something else than %q\n%s", p.tells, out)
		})
	}
}
