package client_test

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// line is a node that sends over a line of so many groups a second, with a round trip.
type line struct {
	source *client.Source
	rate   uint64
	trip   time.Duration
	now    time.Duration
	free   time.Duration   // when the node has sent what it was asked for
	gets   []*protocol.Get // that have not been answered
	at     []time.Duration // of these
	came   uint64          // bytes of the first one that have come
	most   uint64          // bytes that were under way
}

func (l *line) tell(in roles.Input) {
	for _, effect := range l.source.Step(roles.Moment{Now: l.now}, in) {
		send, _ := effect.(roles.Send)
		if get, is := send.Message.(*protocol.Get); is {
			l.gets, l.at = append(l.gets, get), append(l.at, l.now)
		}
	}
	under := uint64(0)
	for _, get := range l.gets {
		under += get.Length
	}
	l.most = max(l.most, under-l.came)
}

// fetch has all of a file come, and returns how long that takes from the first GET on.
func (l *line) fetch(groups uint64) time.Duration {
	f, picker := made(groups*group, 1), client.NewPicker("a.txt", protocol.Hash{})
	l.source = client.NewSource(3, at(1), picker)
	l.tell(roles.Started{})
	l.tell(roles.Opened{Link: 3})
	l.now += l.trip
	l.tell(roles.Heard{Link: 3, Message: f.outboard(0)})
	picker.Open(nil)
	began := l.now
	l.tell(roles.Updated{})
	for len(l.gets) > 0 {
		get, sent := l.gets[0], max(l.free, l.at[0]+l.trip/2)
		l.now = max(l.now, sent+l.trip/2)
		l.tell(roles.Heard{Link: 3, Message: f.content(get.Offset/group, get.Length/group)})
		for g := range get.Length / group {
			sent += time.Second / time.Duration(l.rate)
			l.now = sent + l.trip/2
			l.came += group
			l.tell(roles.Verified{Link: 3, Group: get.Offset/group + g})
		}
		l.came, l.free, l.gets, l.at = 0, sent, l.gets[1:], l.at[1:]
		l.tell(roles.BodyDone{Link: 3})
	}
	return l.now - began
}

// TestALongPathIsFilled: a node need not wait for requests however far it is, and of a near one no
// more than NearWindow is asked for.
func TestALongPathIsFilled(t *testing.T) {
	const groups = 512
	for name, the := range map[string]struct {
		rate  uint64
		trip  time.Duration
		trips time.Duration // beyond one, and beyond the time that the line takes
		most  uint64
	}{
		"near":                       {1000, 50 * time.Microsecond, 1, roles.NearWindow},
		"near and slow":              {1, 50 * time.Microsecond, 1, roles.NearWindow},
		"far":                        {119, 100 * time.Millisecond, 3, roles.NearWindow},
		"very far":                   {119, 500 * time.Millisecond, 6, roles.MaxUnderway},
		"far and faster than we ask": {1 << 20, 100 * time.Millisecond, groups*group/roles.MaxUnderway + 5, roles.MaxUnderway},
	} {
		l := line{rate: the.rate, trip: the.trip}
		took, ideal := l.fetch(groups), groups*time.Second/time.Duration(the.rate)+the.trip
		if took > ideal+the.trips*the.trip || took < ideal {
			t.Errorf("%s: took %v, %v are best", name, took, ideal)
		}
		if l.most > the.most {
			t.Errorf("%s: %d MiB were under way", name, l.most>>20)
		}
	}
}
