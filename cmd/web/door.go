package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Door listens at the address of its options. Nil is no door.
type Door struct {
	options  Options
	log      hclog.Logger
	listener net.Listener
}

// Open opens the door that the options describe, or returns nil if they describe none. Nobody comes
// in before [Door.Serve] is called. Errors are usage errors of package cli where flags are at fault.
// Log may be nil.
func Open(ctx context.Context, o Options, log hclog.Logger) (*Door, error) {
	if o.Listen == "" {
		return nil, nil
	}
	if log == nil {
		log = hclog.NewNullLogger()
	}
	d := &Door{options: o, log: log}
	var err error
	if path, is := strings.CutPrefix(o.Listen, "unix:"); is {
		d.listener, err = net.Listen("unix", path)
	} else {
		d.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	}
	return d, err
}

// URL returns where the door is, as people type it; "": there is no door.
func (d *Door) URL() string {
	if d == nil {
		return ""
	}
	return "http://" + d.listener.Addr().String() + d.base()
}

func (d *Door) base() string {
	if d.options.Base == "" {
		return "/"
	}
	return d.options.Base
}

// Close closes a door that nobody serves. It may be called at any time, and twice.
func (d *Door) Close() error {
	if d == nil {
		return nil
	}
	return d.listener.Close()
}

// Serve serves a handler until ctx is done, and for a few seconds what is under way then. It
// returns nil then, and closes the door in any case. Without a door it waits for ctx.
func (d *Door) Serve(ctx context.Context, h http.Handler) error {
	if d == nil {
		<-ctx.Done()
		return nil
	}
	ending := make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = withVisit(r, visit{base: d.base(), ending: ending})
		if strings.HasPrefix(r.URL.Path, "/"+assetRoom+"/") {
			Assets().ServeHTTP(w, r)
			return
		}
		http.StripPrefix(strings.TrimSuffix(d.base(), "/"), h).ServeHTTP(w, r)
	})}
	end := context.AfterFunc(ctx, func() {
		close(ending)
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if server.Shutdown(drain) != nil {
			server.Close()
		}
	})
	defer end()
	if err := server.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
