package peer

import (
	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// circuitLog logs the circuits that have ended.
type circuitLog struct{ sampler }

func (l *circuitLog) over(o relay.Over) {
	args := []any{"node", o.Node.Short(), "client", o.Client.Short(), "from", o.From, "bytes", o.Bytes}
	switch {
	case o.Code == protocol.Quota:
		l.say(hclog.Info, "a circuit was cut", append(args, "why", o.Code, "limit", o.Text)...)
	case !o.Joined:
		l.say(hclog.Info, "a circuit did not come about", append(args, "why", o.Code)...)
	case o.Code == 0:
		l.log.Debug("a circuit is over", args...)
	default:
		l.say(hclog.Info, "a circuit was cut", append(args, "why", o.Code)...)
	}
}
