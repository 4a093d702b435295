package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

const (
	attemptGap   = 250 * time.Millisecond // from one attempt to the next, while the first is silent (RFC 8305)
	mostAttempts = 16                     // addresses of one host that are tried
)

// race connects to the first of several addresses that answers. An attempt begins attemptGap after
// the one before it, or as soon as that has failed, so that a silent address delays the others and
// does not keep them from being tried. The other attempts are given up.
func race[Target any](ctx context.Context, targets []Target, dial func(context.Context, Target) (Conn, error)) (Conn, error) {
	if len(targets) == 1 {
		return dial(ctx, targets[0])
	}
	targets = targets[:min(len(targets), mostAttempts)]
	gap := min(attemptGap, roles.DialTimeout/2/time.Duration(len(targets)))
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	type attempt struct {
		conn Conn
		err  error
	}
	attempts := make(chan attempt)
	begun, ended := 0, 0
	begin := func() {
		target := targets[begun]
		begun++
		go func() {
			conn, err := dial(ctx, target)
			attempts <- attempt{conn, err}
		}()
	}
	begin()
	next := time.NewTimer(gap)
	defer next.Stop()
	var won Conn
	var why error
	for ended < begun {
		select {
		case <-next.C:
			if won == nil && begun < len(targets) {
				begin()
				next.Reset(gap)
			}
		case a := <-attempts:
			ended++
			switch {
			case a.err == nil && won != nil:
				a.conn.Close()
			case a.err == nil:
				won = a.conn
				giveUp()
			case won == nil:
				why = tellsMore(why, a.err)
				if begun < len(targets) && ctx.Err() == nil {
					begin()
					next.Reset(gap)
				}
			}
		}
	}
	if won != nil {
		return won, nil
	}
	return nil, why
}

// tellsMore returns the error that says more about a host: that something else than the peer answers
// there, or else that nothing listens, which tells that the host is there.
func tellsMore(a, b error) error {
	if a == nil || tells(b) > tells(a) {
		return b
	}
	return a
}

func tells(err error) int {
	var answer *DialError
	switch {
	case errors.As(err, &answer):
		return 2
	case errors.Is(err, syscall.ECONNREFUSED):
		return 1
	}
	return 0
}

// lookUp returns the addresses of host:port, of both families in turn.
func (t TCP) lookUp(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", service)
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "localhost"
	}
	found, err := t.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var targets []netip.AddrPort
	for _, addr := range inTurn(found) {
		targets = append(targets, netip.AddrPortFrom(addr, uint16(port)))
	}
	return targets, nil
}

func (t TCP) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil: // with its zone, which a look-up drops
		return []netip.Addr{addr}, nil
	case t.Resolve == nil:
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	return t.Resolve(ctx, host)
}

// inTurn returns addresses of the two families in turn, beginning with the family of the first one,
// each address once.
func inTurn(found []netip.Addr) []netip.Addr {
	var families [2][]netip.Addr
	seen := map[netip.Addr]bool{}
	for _, addr := range found {
		addr = addr.Unmap()
		if seen[addr] {
			continue
		}
		seen[addr] = true
		family := 0
		if addr.Is4() != found[0].Unmap().Is4() {
			family = 1
		}
		families[family] = append(families[family], addr)
	}
	var mixed []netip.Addr
	for i := range max(len(families[0]), len(families[1])) {
		for _, family := range families {
			if i < len(family) {
				mixed = append(mixed, family[i])
			}
		}
	}
	return mixed
}

// connect dials over the loop's network.
func (l *Loop) connect(ctx context.Context, e roles.Dial) (Conn, error) {
	if l.Network == nil {
		return nil, &net.AddrError{Err: "there is no network to dial over", Addr: e.To}
	}
	targets, err := l.targets(ctx, e)
	if err != nil {
		return nil, err
	}
	network := l.Network
	if over, is := network.(Authenticated); is && e.Plain {
		network = over.Below()
	}
	return race(ctx, targets, func(ctx context.Context, to netip.AddrPort) (Conn, error) {
		if e.Plain { // nothing is proven yet
			return network.Dial(ctx, to.String())
		}
		return dialPeer(ctx, network, to.String(), e.ID)
	})
}

// targets returns the addresses that a Dial is to try, in this order.
func (l *Loop) targets(ctx context.Context, e roles.Dial) (targets []netip.AddrPort, err error) {
	for _, address := range []string{e.To, e.Also} {
		if address == "" {
			continue
		}
		found, failed := l.Network.LookUp(ctx, address)
		if targets = append(targets, found...); failed != nil {
			err = failed
		}
	}
	targets = slices.DeleteFunc(targets, func(to netip.AddrPort) bool { return !e.Only.Has(to.Addr()) })
	slices.SortStableFunc(targets, func(a, b netip.AddrPort) int { return last(a, e.Last) - last(b, e.Last) })
	switch {
	case len(targets) > 0:
		return targets, nil
	case err != nil:
		return nil, err
	}
	return nil, &net.AddrError{Err: "no address of the host is of " + e.Only.String(), Addr: e.To}
}

// last returns 1 for the address that is to be tried last, and 0 for others.
func last(to netip.AddrPort, is netip.Addr) int {
	if is.IsValid() && to.Addr().Unmap() == is.Unmap() {
		return 1
	}
	return 0
}
