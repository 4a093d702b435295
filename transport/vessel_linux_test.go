package transport

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// withoutPipes has the system seem to have no splice(2), for circuits that begin then.
func withoutPipes(on bool) { noPipes.Store(on) }

// Where the system cannot splice from a descriptor, a buffer takes the place of the pipe.
func TestAPipeThatDoesNotFit(t *testing.T) {
	defer noPipes.Store(false)
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	before := largeVessels.Load()
	v := takeVessel()
	if _, is := v.(*pipe); !is {
		t.Fatalf("a vessel is a %T", v)
	}
	if _, err := v.fill(fd, 1); !errors.Is(err, errUnfit) {
		t.Error(err)
	}
	v.free()
	v = takeVessel()
	if _, is := v.(*buffered); !is {
		t.Errorf("the next one is a %T", v)
	}
	v.free()
	if now := largeVessels.Load(); now != before {
		t.Errorf("%d vessels were in use before, and %d are now", before, now)
	}
}
