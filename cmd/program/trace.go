package program

import (
	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/transport"
)

// traced returns a trace that goes to the log as well, where the log wants it, and to also, if there is one.
func traced(log hclog.Logger, also func(transport.Event)) func(transport.Event) {
	if !log.IsDebug() {
		return also
	}
	return func(e transport.Event) {
		log.Debug(e.String(), "local", e.Local, "peer", e.Peer)
		if also != nil {
			also(e)
		}
	}
}
