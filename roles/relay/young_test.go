package relay_test

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// young returns what pages of both kinds say of how long the relay is young, which is the same.
func (d *desk) young() time.Duration {
	d.t.Helper()
	located := d.Locate(d.at, relay.From{}, &protocol.Locate{Name: "a"}).(*protocol.Located)
	listed := d.List(d.at, relay.From{}, &protocol.List{Limit: 10}).(*protocol.Listed)
	if located.Young != listed.Young {
		d.t.Errorf("at %v LOCATED says %d ms and LISTED %d ms", d.at.Now, located.Young, listed.Young)
	}
	return roles.Millis(located.Young)
}

func (d *desk) isYoung(left time.Duration, expected int) {
	d.t.Helper()
	if got := d.young(); got != left {
		d.t.Errorf("at %v it is young for %v, not for %v", d.at.Now, got, left)
	}
	if got := d.Expected(d.at.Now); got != expected {
		d.t.Errorf("at %v it expects %d nodes instead of %d", d.at.Now, got, expected)
	}
}

func TestARelayIsYoungUntilATTLHasPassed(t *testing.T) {
	start := 7 * time.Second
	d := newDesk(t, relay.Policy{Start: start, Earlier: 2})
	d.at.Now = start
	d.isYoung(roles.LeaseTTL, 2)
	d.register(1, 1)
	d.at.Now = start + time.Second
	d.isYoung(roles.LeaseTTL-time.Second, 2)
	d.at.Now = start + roles.LeaseTTL - time.Millisecond
	d.isYoung(time.Millisecond, 2)
	d.at.Now = start + roles.LeaseTTL - 1
	d.isYoung(time.Millisecond, 2) // rounded up: it is not over yet
	d.at.Now = start + roles.LeaseTTL
	d.register(1, 2)
	d.isYoung(0, 1)
}

func TestARelayIsYoungUntilAsManyNodesAreBack(t *testing.T) {
	d := newDesk(t, relay.Policy{Earlier: 2})
	d.register(1, 1)
	d.register(1, 2) // the same one
	d.isYoung(roles.LeaseTTL, 2)
	d.register(2, 1)
	d.isYoung(0, 2)
	d.leave(2, 1)
	d.isYoung(0, 1) // and does not become young again
	d.at.Now = time.Second
	d.leave(1, 2)
	d.isYoung(0, 0)
}

func TestARelayThatNeverHadANodeIsNotYoung(t *testing.T) {
	newDesk(t, relay.Policy{}).isYoung(0, 0)
	d := newDesk(t, relay.Policy{TTL: 10 * time.Second, Earlier: 1 << 30})
	d.isYoung(10*time.Second, 1<<30) // of a mark that cannot be read
	d.at.Now = 10 * time.Second
	d.isYoung(0, 0)
}
