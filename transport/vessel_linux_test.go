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

// Where the system allows few open files, circuits that are held up take few of them: the others have buffers.
func TestPipesTakeFewDescriptors(t *testing.T) {
	if files, known := OpenFiles(); !known || openPipes() != int(min(mostVessels, files/32)) {
		t.Errorf("of %d files there are %d pipes", files, openPipes())
	}
	defer func(before func() int) { openPipes = before }(openPipes)
	pipes.Lock()
	already := pipes.open - len(pipes.empty)
	pipes.Unlock()
	openPipes = func() int { return already + mostPipes + 1 }
	kinds := func() (pipes int) {
		var all []vessel
		for range mostPipes + 5 {
			all = append(all, takeVessel())
		}
		for _, v := range all {
			if _, is := v.(*pipe); is {
				pipes++
			}
			v.free()
		}
		return pipes
	}
	for range 2 { // those that were closed make room for others
		if got := kinds(); got != mostPipes+1 {
			t.Errorf("there are %d pipes in place of %d", got, mostPipes+1)
		}
	}
}
