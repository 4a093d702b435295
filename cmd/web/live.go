package web

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// MaxLive is how many streams of events one Live serves at once.
	MaxLive = 32
	// liveEvery is how often a Live looks whether a page has changed.
	liveEvery = 2 * time.Second
	// liveHeartbeat is how long a stream is silent at most.
	liveHeartbeat = 15 * time.Second
	// liveRetry is how many seconds somebody waits who finds no stream free.
	liveRetry = "30"
)

// Sections are parts of a page by the ids of their elements: what is within each.
type Sections map[string]template.HTML

// Live serves server-sent events: the sections of a page, again when they change. The URL is that of
// the page: [WantsLive] tells the two apart. The zero value is ready.
type Live struct {
	Every time.Duration // how often it looks whether something has changed; 0: every 2 seconds

	heartbeat time.Duration // 0: liveHeartbeat
	open      atomic.Int32
}

// WantsLive reports whether a request asks for events in place of a page.
func WantsLive(r *http.Request) bool { return accepts(r, "text/event-stream") }

// Serve sends the sections that render returns until the peer or the door ends it, or the token that
// the request has come with is not the right one any more. Render is called
// from the goroutine of the request, every few seconds; only sections that have changed are sent. At
// most MaxLive streams are served at once, others hear 503.
func (l *Live) Serve(w http.ResponseWriter, r *http.Request, render func() Sections) {
	if l.open.Add(1) > MaxLive {
		l.open.Add(-1)
		w.Header().Set("Retry-After", liveRetry)
		Fail(w, r, http.StatusServiceUnavailable, "too many pages are kept up to date at once")
		return
	}
	defer l.open.Add(-1)
	header := w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	header.Add("Vary", "Accept")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	every := l.Every
	if every <= 0 {
		every = liveEvery
	}
	heartbeat := l.heartbeat
	if heartbeat <= 0 {
		heartbeat = liveHeartbeat
	}
	s := stream{w: w, control: http.NewResponseController(w), last: Sections{}}
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	still := visitOf(r).still
	for silent := time.Duration(0); still == nil || still(); silent += every {
		sent, err := s.send(render(), silent >= heartbeat)
		if err != nil {
			return
		}
		if sent {
			silent = 0
		}
		select {
		case <-ticks.C:
		case <-r.Context().Done():
			return
		case <-Ending(r):
			return
		}
	}
}

// stream is one stream of events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	last    Sections // what the peer has
}

// send sends the sections that the peer does not have, or, if there is none, a heartbeat where one
// is due.
func (s *stream) send(now Sections, due bool) (sent bool, err error) {
	changed := map[string]string{}
	for id, section := range now {
		if before, had := s.last[id]; !had || before != section {
			changed[id], s.last[id] = string(section), section
		}
	}
	var event bytes.Buffer
	switch {
	case len(changed) > 0:
		data, err := json.Marshal(changed) // in one line
		if err != nil {
			return false, err
		}
		event.WriteString("event: sections\ndata: ")
		event.Write(data)
		event.WriteString("\n\n")
	case due:
		event.WriteString(": still here\n\n")
	default:
		return false, nil
	}
	if _, err := s.w.Write(event.Bytes()); err != nil {
		return false, err
	}
	return true, s.control.Flush()
}
