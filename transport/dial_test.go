package transport

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// target is an address of a host whose attempts end in a certain way.
type target struct {
	after time.Duration // 0: at once; below 0: never
	err   error
}

// dialTarget behaves as a target says.
func dialTarget(ctx context.Context, t target) (Conn, error) {
	never := make(<-chan time.Time)
	if t.after >= 0 {
		never = time.After(t.after)
	}
	select {
	case <-never:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if t.err != nil {
		return nil, t.err
	}
	near, far := newMemoryLink(netip.AddrPort{}, netip.AddrPort{})
	far.Close()
	return near, nil
}

// A silent address of a host keeps none of the others from being tried, a failed one does not even
// delay them, and the dial's time is enough for the last of many.
func TestEachAddressOfAHostIsTried(t *testing.T) {
	silent, sound := target{after: -1}, target{}
	refused, unreachable := target{err: syscall.ECONNREFUSED}, target{err: syscall.EHOSTUNREACH}
	for name, c := range map[string]struct {
		targets []target
		took    time.Duration
		err     error
	}{
		"one":                            {[]target{sound}, 0, nil},
		"one that is silent":             {[]target{silent}, roles.DialTimeout, context.DeadlineExceeded},
		"the second, the first silent":   {[]target{silent, sound}, attemptGap, nil},
		"the second, the first refused":  {[]target{refused, sound}, 0, nil},
		"the first, which is slow":       {[]target{{after: time.Second}, silent}, time.Second, nil},
		"the faster one of two":          {[]target{{after: time.Second}, {after: 100 * time.Millisecond}}, attemptGap + 100*time.Millisecond, nil},
		"the last of many silent ones":   {append(slices.Repeat([]target{silent}, 15), sound), 15 * (roles.DialTimeout / 32), nil},
		"more than are tried":            {append(slices.Repeat([]target{silent}, 16), sound), roles.DialTimeout, context.DeadlineExceeded},
		"none, and one was there":        {[]target{unreachable, refused, unreachable}, 0, syscall.ECONNREFUSED},
		"none, one of them after a time": {[]target{unreachable, {after: time.Second, err: syscall.ECONNREFUSED}}, time.Second, syscall.ECONNREFUSED},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), roles.DialTimeout)
				defer cancel()
				begin := time.Now()
				conn, err := race(ctx, c.targets, dialTarget)
				if took := time.Since(begin); took != c.took || !errors.Is(err, c.err) {
					t.Errorf("%v after %v, not %v after %v", err, took, c.err, c.took)
				}
				if conn != nil {
					conn.Close()
				}
			})
		})
	}
}

func TestTheFamiliesOfAHostTakeTurns(t *testing.T) {
	var found []netip.Addr
	for _, text := range []string{"fd09::1", "fd09::2", "fd09::1", "::ffff:10.9.0.1", "10.9.0.1", "fd09::3"} {
		found = append(found, netip.MustParseAddr(text))
	}
	want := []string{"fd09::1", "10.9.0.1", "fd09::2", "fd09::3"}
	var got []string
	for _, addr := range inTurn(found) {
		got = append(got, addr.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

func TestAnAddressKeepsItsZone(t *testing.T) {
	for address, want := range map[string]string{"[fe80::1%lo]:4000": "[fe80::1%lo]:4000", "[::ffff:10.9.0.1]:4000": "10.9.0.1:4000", "[::1]:4000": "[::1]:4000"} {
		if found, err := (TCP{}).lookUp(t.Context(), address); err != nil || len(found) != 1 || found[0].String() != want {
			t.Errorf("%s: %v, %v", address, found, err)
		}
	}
}
