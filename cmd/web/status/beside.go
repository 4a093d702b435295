package status

import (
	"context"
	"net/http"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/cmd/web"
)

// Beside serves pages through a door beside what they show, until end is called: a program that is
// told to stop goes on showing how far it is with that. Pages that cannot be served any more are a
// line in the log, and nothing else. Without a door it does nothing.
func Beside(ctx context.Context, door *web.Door, pages http.Handler, log hclog.Logger) (end func()) {
	if door == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := door.Serve(ctx, pages); err != nil {
			log.Error("the status is not shown any more", "why", err)
		}
	})
	return func() {
		cancel()
		serving.Wait()
	}
}

// The usage of --http.
const (
	RelayUsage = "show what the relay is doing, as pages and as JSON, at `HOST:PORT` or unix:PATH; port 0 picks a free one (default: nowhere)"
	NodeUsage  = "show what the node is doing, as pages and as JSON, at `HOST:PORT` or unix:PATH; port 0 picks a free one (default: nowhere)"
)
