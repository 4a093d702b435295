package gateway

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/relaypeer/relaypeer/cmd/web"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

var (
	errBusy     = errors.New("too much is asked for at once: try again")
	errSlowList = errors.New("the list of names is still on its way: try again")
	errRanges   = errors.New("too many ranges")
)

// soon is when somebody should ask again who was told to do so.
const soon = 2 * time.Second

// verdicts are the statuses of errors. The first that fits counts.
var verdicts = []struct {
	is    error
	code  int
	again bool // it may go better soon
}{
	{errBusy, http.StatusServiceUnavailable, true},
	{errSlowList, http.StatusServiceUnavailable, true},
	{errRanges, http.StatusRequestedRangeNotSatisfiable, false},
	{peer.ErrBadName, http.StatusBadRequest, false},
	{protocol.Busy, http.StatusServiceUnavailable, true},
	{peer.ErrTooEarly, http.StatusServiceUnavailable, true},
	{peer.ErrNotFound, http.StatusNotFound, false},
	{protocol.Changed, http.StatusServiceUnavailable, true}, // the next list has the other content
	{peer.ErrInterrupted, http.StatusServiceUnavailable, true},
	{peer.ErrTooMany, http.StatusServiceUnavailable, false},
	{peer.ErrDisk, http.StatusInternalServerError, false},
	{protocol.Timeout, http.StatusGatewayTimeout, false},
	{peer.ErrNoRelay, http.StatusBadGateway, false},
	{peer.ErrUndelivered, http.StatusBadGateway, false},
	{peer.ErrUnsure, http.StatusBadGateway, false},
}

// statusOf returns the status of an error, and whether to ask again soon.
func statusOf(err error) (code int, again bool) {
	for _, v := range verdicts {
		if errors.Is(err, v.is) {
			return v.code, v.again
		}
	}
	return http.StatusInternalServerError, false
}

// explain returns an error as people read it: what failed, why, and who says so.
func (g *Gateway) explain(err error) string {
	if why := (*peer.Error)(nil); errors.As(err, &why) {
		err = why
	}
	if g.Explain != nil {
		err = g.Explain(err)
	}
	return web.Shown(err.Error())
}

// fail answers with an error, unless nobody waits for an answer any more.
func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	text := g.explain(err)
	if errors.Is(err, peer.ErrNotFound) { // whoever follows an old link does not know what nodes are, nor that they come and go
		text += ": perhaps it was deleted or renamed, or the machine that has it is away"
	}
	web.Fail(w, r, tellAgain(w, err), text)
}

// tellAgain returns the status of an error, and says when to ask again if that is of use.
func tellAgain(w http.ResponseWriter, err error) (code int) {
	code, again := statusOf(err)
	if again {
		w.Header().Set("Retry-After", strconv.Itoa(int(soon.Seconds())))
	}
	return code
}
