package fsshare_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/fsshare"
)

// Of files that can be shared the log does not warn.
func TestTheLogDoesNotWarnOfSoundFiles(t *testing.T) {
	var lines strings.Builder
	log := hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: &lines})
	share := fsshare.New(fstest.MapFS{
		"sound": {Data: []byte("text")}, "empty": {}, "sub/sound": {Data: []byte("text")},
	}, fsshare.Options{Log: log})
	whole := make(chan struct{})
	known := map[string]bool{}
	go share.Follow(t.Context(), func(e protocol.Entry) {
		if !e.Hash.IsZero() {
			known[e.Name] = true
		}
		if len(known) == 3 {
			close(whole)
		}
	}, func(roles.Extent) {})
	<-whole
	share.Close()
	if lines.Len() > 0 {
		t.Errorf("it warns: %s", lines.String())
	}
}
