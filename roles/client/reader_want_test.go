package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/roles"
)

// What the owner has is not asked for, and neither is a window of which it has all.
func TestWhatTheOwnerOfAReaderHasIsNotAskedFor(t *testing.T) {
	f := made(100*group+5, 1)
	s := holdingReader(t, f, 1)
	s.Tell(roles.Wanted{First: 99, Count: 9, Has: roles.Groups{1<<0 | 1<<1 | 1<<2}}, "Holding") // there are two
	s.Tell(roles.Wanted{First: 5, Count: 4, Has: roles.Groups{1<<1 | 1<<2 | 1<<9}}, "Reading", f.gets(1, 5, 1), f.gets(1, 8, 1), "hear 1")
	s.Hear(1, f.content(5, 1), "Reading", f.takes(1, 5, 1))
	s.Tell(roles.Verified{Link: 1, Group: 5}, "Reading", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Reading", "hear 1")
	f.delivers(s, 8, 1)
}

// What comes between the owner's look and its word is not asked for again, unless the owner has given it up since.
func TestWhatHasComeMeanwhileIsNotAskedForAgain(t *testing.T) {
	for _, keeps := range []bool{true, false} {
		f := made(100*group, 1)
		s := holdingReader(t, f, 1)
		s.Tell(roles.Wanted{First: 5, Count: 2}, "Reading", f.gets(1, 5, 1), f.gets(1, 6, 1), "hear 1")
		s.Hear(1, f.content(5, 1), "Reading", f.takes(1, 5, 1))
		s.Tell(roles.Verified{Link: 1, Group: 5}, "Reading", "report had")
		s.Tell(roles.BodyDone{Link: 1}, "Reading", "hear 1")
		asks := []string{f.gets(1, 7, 1)}
		if !keeps {
			asks = []string{f.gets(1, 5, 1), f.gets(1, 7, 1)}
		}
		s.Tell(roles.Wanted{First: 5, Count: 3, Keeps: keeps}, "Reading", asks...)
		s.Tell(roles.Wanted{First: 5, Count: 1, Keeps: true}, "Reading") // nothing, or nothing new
	}
}

// A window that is wanted while the one before is on its way is asked for at once: the node need not wait for
// the request.
func TestAReaderAsksAheadWhileItReads(t *testing.T) {
	f := made(100*group, 1)
	s := holdingReader(t, f, 1)
	s.Tell(roles.Wanted{First: 5, Count: 2}, "Reading", f.gets(1, 5, 1), f.gets(1, 6, 1), "hear 1")
	s.Hear(1, f.content(5, 1), "Reading", f.takes(1, 5, 1))
	s.Tell(roles.Verified{Link: 1, Group: 5}, "Reading", "report had")
	s.Tell(roles.Wanted{First: 6, Count: 3}, "Reading", f.gets(1, 7, 2))
	s.Tell(roles.BodyDone{Link: 1}, "Reading", "hear 1")
	s.Tell(roles.Wanted{First: 6, Count: 9}, "Reading", f.gets(1, 9, 2)) // more may not be on their way yet
	s.Hear(1, f.content(6, 1), "Reading", f.takes(1, 6, 1))
	s.Tell(roles.Verified{Link: 1, Group: 6}, "Reading", "report had", f.gets(1, 11, 4))
}
