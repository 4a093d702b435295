package peer

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// followed is a link of a node that a test steps by hand.
type followed struct {
	*followedUpload
	at time.Duration
}

func (f *followed) step(inputs ...roles.Input) {
	for _, in := range inputs {
		f.Step(roles.Moment{Now: f.at}, in)
	}
}

func aClient() roles.Opened {
	return roles.Opened{Peer: netip.MustParseAddrPort("192.0.2.1:9"), ID: protocol.PeerID{7}}
}

// begin returns a link that is open.
func (t *uploads) begin(inputs ...roles.Input) *followed {
	f := &followed{followedUpload: t.pool(nil).Take().(*followedUpload)}
	f.step(append(inputs, aClient())...)
	return f
}

func heard(m protocol.Message) roles.Input { return roles.Heard{Message: m} }

var (
	found = roles.FileFound{Size: 100 << 20, Hash: protocol.Hash{1}}
	whole = &protocol.Get{Name: "film", Length: 10 << 20}
)

func TestAnUploadIsSeenFromItsRequestToItsEnd(t *testing.T) {
	table := newUploads()
	f := table.begin()
	sees := func(what string, want UploadNow) {
		t.Helper()
		now := table.now()
		if len(now) != 1 {
			t.Fatalf("%s: %v", what, now)
		}
		now[0].Since, now[0].Rate = time.Time{}, 0
		if now[0] != want {
			t.Errorf("%s: %+v\nnot %+v", what, now[0], want)
		}
	}
	if now := table.now(); len(now) != 0 || table.links() != 1 {
		t.Errorf("before it asks: %v", now)
	}
	want := UploadNow{Upload: Upload{
		Number: 1, Peer: protocol.PeerID{7}, Address: aClient().Peer, Way: UploadDirect, Name: "film", Length: 10 << 20, Requests: 1,
	}, Phase: PhaseOpening}
	f.step(heard(whole))
	sees("asked for", want)
	f.step(roles.FileHashing{Done: 5, Size: 100 << 20})
	want.Phase, want.Hashed, want.Size = PhaseHashing, 5, 100<<20
	sees("hashed", want)
	f.step(found)
	want.Phase, want.Hash = PhaseWaiting, found.Hash
	sees("found", want)
	f.step(roles.TurnGiven{})
	want.Phase, want.Promised = PhaseSending, 10<<20
	sees("promised", want)
	f.step(roles.Moved{Bytes: 4 << 20})
	want.Sent = 4 << 20
	sees("sent in part", want)
	f.step(roles.Stopped{})
	sees("sent while the node stops", want)
	f.step(roles.BodyDone{})
	f.step(roles.PeerEnded{})
	recent := table.lately()
	if len(table.now()) != 0 || table.links() != 0 || len(recent) != 1 || recent[0].End != EndSent || recent[0].Sent != 10<<20 || recent[0].Code != 0 {
		t.Errorf("%v and %+v", table.now(), recent)
	}
	if sent, _ := table.traffic(); sent != 10<<20 || table.requests.Load() != 1 {
		t.Errorf("%d bytes in %d requests", sent, table.requests.Load())
	}
}

func TestEachEndOfAnUploadIsToldAsWhatItIs(t *testing.T) {
	sending := []roles.Input{heard(whole), found, roles.TurnGiven{}, roles.Moved{Bytes: 1 << 20}}
	for _, c := range []struct {
		name   string
		inputs []roles.Input
		end    UploadEnd
		code   protocol.Code
		sent   uint64
	}{
		{"all sent", append(slices.Clone(sending), roles.BodyDone{}), EndSent, 0, 10 << 20},
		{"spoiled", append(slices.Clone(sending), roles.BodySpoiled{Code: protocol.Changed}), EndSpoiled, protocol.Changed, 1 << 20},
		{"lost", append(slices.Clone(sending), roles.Lost{}), EndCut, 0, 1 << 20},
		{"not there", []roles.Input{heard(whole), roles.FileRefused{Code: protocol.NotFound}}, EndRefused, protocol.NotFound, 0},
		{"no turn", []roles.Input{heard(whole), found, roles.TurnRefused{}}, EndRefused, protocol.Busy, 0},
		{"stopped before", []roles.Input{heard(whole), roles.Stopped{}}, EndRefused, protocol.Draining, 0},
		{"at the end", []roles.Input{heard(&protocol.Get{Name: "film", Offset: found.Size}), found}, EndSent, 0, 0},
		{"a tree", []roles.Input{heard(&protocol.Tree{Name: "film"}), found}, EndSent, 0, 0},
		{"lost before", []roles.Input{heard(&protocol.Tree{Name: "film"}), roles.Lost{}}, EndCut, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := newUploads()
			table.begin().step(append(c.inputs, roles.PeerEnded{})...)
			recent := table.lately()
			if now := table.now(); len(now) != 0 || len(recent) != 1 {
				t.Fatalf("%+v and %+v", now, recent)
			}
			if u := recent[0]; u.End != c.end || u.Code != c.code || u.Sent != c.sent || u.Name != "film" {
				t.Errorf("%+v", u)
			}
		})
	}
}

// A machine that is cut off and taken back leaves nothing behind.
func TestALinkThatIsCutOffIsGone(t *testing.T) {
	table := newUploads()
	f := table.begin(roles.Invited{Relay: "192.0.2.9:1"}, roles.Opened{}, heard(&protocol.Joined{}))
	f.step(heard(whole), found, roles.TurnGiven{}, roles.Moved{Bytes: 1})
	if now := table.now(); len(now) != 1 || now[0].Way != UploadCircuit || now[0].Sent != 1 {
		t.Errorf("%+v", now)
	}
	f.Reset()
	if recent := table.lately(); len(table.now()) != 0 || table.links() != 0 || len(recent) != 1 || recent[0].End != EndCut {
		t.Errorf("%+v", recent)
	}
	f.step(aClient())
	f.step(heard(whole))
	if now := table.now(); len(now) != 1 || now[0].Way != UploadDirect || now[0].Sent != 0 || now[0].Requests != 1 {
		t.Errorf("%+v", now)
	}
}

func TestALinkForWhichThereIsNoRoomIsNone(t *testing.T) {
	table := newUploads()
	f := &followed{followedUpload: table.pool(nil).Take().(*followedUpload)}
	f.step(roles.Opened{Busy: true})
	if table.links() != 0 {
		t.Error("it is counted")
	}
}

func TestAStrangersRequestIsToldAsRefused(t *testing.T) {
	table := newUploads()
	nobody := func(protocol.PeerID) bool { return false }
	f := &followed{followedUpload: table.pool(nobody).Take().(*followedUpload)}
	f.step(aClient(), heard(whole))
	recent := table.lately()
	if len(table.now()) != 0 || len(recent) != 1 || recent[0].End != EndRefused || recent[0].Code != protocol.Denied {
		t.Errorf("%+v", recent)
	}
}

// TestAnUploadThatDoesNotGoOnIsOver: nobody asks for the rest of the file, though the link stays.
func TestAnUploadThatDoesNotGoOnIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := newUploads()
		table.begin().step(heard(whole), found, roles.TurnGiven{}, roles.BodyDone{})
		time.Sleep(pauseFor)
		if len(table.now()) != 1 || len(table.lately()) != 0 {
			t.Errorf("%+v and %+v", table.now(), table.lately())
		}
		time.Sleep(time.Millisecond)
		if len(table.now()) != 0 || len(table.lately()) != 1 {
			t.Errorf("%+v and %+v", table.now(), table.lately())
		}
	})
}

func TestStretchesOfTheSameContentAreOneUpload(t *testing.T) {
	table := newUploads()
	f := table.begin()
	stretch := func(get *protocol.Get, moved int64) {
		f.at += time.Second
		f.step(heard(get), found, roles.TurnGiven{}, roles.Moved{Bytes: moved}, roles.BodyDone{})
	}
	stretch(&protocol.Get{Name: "film", Length: 1 << 20}, 1<<20)
	if now := table.now(); len(now) != 1 || now[0].Phase != PhasePausing || len(table.lately()) != 0 {
		t.Errorf("between two stretches: %+v and %+v", now, table.lately())
	}
	stretch(&protocol.Get{Name: "film", Offset: 1 << 20, Length: 1 << 20, Hash: found.Hash}, 0)
	f.at += time.Second
	f.step(heard(&protocol.Get{Name: "film", Offset: 2 << 20, Hash: found.Hash}), found, roles.TurnGiven{}, roles.Moved{Bytes: 5})
	now := table.now()
	if len(now) != 1 || now[0].Phase != PhaseSending || len(table.lately()) != 0 {
		t.Fatalf("%+v and %+v", now, table.lately())
	}
	u := now[0]
	if u.Number != 1 || u.Requests != 3 || u.Sent != 2<<20+5 || u.Offset != 2<<20 || u.Promised <= u.Sent {
		t.Errorf("%+v", u)
	}
	f.step(roles.BodyDone{})
	f.step(heard(&protocol.Get{Name: "other"}), found, roles.TurnGiven{})
	recent := table.lately()
	if len(recent) != 1 || recent[0].Took() != 2*time.Second || recent[0].Sent != recent[0].Promised || recent[0].Number != 1 {
		t.Errorf("%+v", recent)
	}
	if now := table.now(); len(now) != 1 || now[0].Number != 2 || now[0].Requests != 1 {
		t.Errorf("%+v", now)
	}
}

func TestUploadsThatHaveEndedAreKeptInBounds(t *testing.T) {
	table := newUploads()
	f := table.begin()
	const more = 7
	for n := range MaxUploadsRecent + more {
		f.step(heard(&protocol.Get{Name: fmt.Sprint(n)}), roles.FileRefused{Code: protocol.NotFound})
	}
	recent := table.lately()
	if len(recent) != MaxUploadsRecent || recent[0].Name != fmt.Sprint(MaxUploadsRecent+more-1) || recent[len(recent)-1].Name != fmt.Sprint(more) {
		t.Errorf("%d, from %q to %q", len(recent), recent[0].Name, recent[len(recent)-1].Name)
	}
}

func TestOfManyUploadsThoseThatHaveRunForLongestAreTold(t *testing.T) {
	table := newUploads()
	for range MaxUploadsTold + 5 {
		table.begin().step(heard(whole))
	}
	now := table.now()
	if len(now) != MaxUploadsTold || now[0].Number != 1 || now[len(now)-1].Number != MaxUploadsTold {
		t.Errorf("%d, from %d to %d", len(now), now[0].Number, now[len(now)-1].Number)
	}
}

func TestASpeedIsThatOfTheLastSeconds(t *testing.T) {
	var s speed
	s.begin(time.Hour)
	now := time.Hour
	pass := func(seconds int, each uint64) {
		for range 10 * seconds {
			now += 100 * time.Millisecond
			s.add(now, each/10)
		}
	}
	is := func(least, most uint64) {
		t.Helper()
		if lately := s.lately(now); lately < least || lately > most {
			t.Errorf("after %v it is %d, not %d to %d", now-time.Hour, lately, least, most)
		}
	}
	is(0, 0)
	pass(1, 1000)
	is(1000, 1000)
	pass(10, 3000)
	is(2900, 3200)
	pass(4, 100)
	is(95, 110)
	now += time.Minute
	is(0, 5)
}
