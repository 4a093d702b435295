package transport

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// pipe is a vessel within the system: splice(2) moves bytes through it that the program never sees.
type pipe struct {
	from, to int // the ends
	has      int // bytes
}

// pipes are those that are empty. They hold descriptors, so there are mostPipes at most.
var pipes struct {
	sync.Mutex
	empty []*pipe
	open  int // these, and those in use
}

// mostPipes is how many pipes are kept for others. Some are enough for those that carry at this moment; a pipe that
// is stuck does not come back soon.
const mostPipes = 8

// openPipes is how many pipes there may be: each has two descriptors, which stuck circuits hold for long, and those of all
// together are no more than a sixteenth of the open files that the system allows. They are of the part that links do not
// take (SparedFiles). Where there is no pipe a buffer does it, too.
var openPipes = sync.OnceValue(func() int {
	if files, known := OpenFiles(); known {
		return int(min(mostVessels, files/32))
	}
	return mostVessels
})

// pipeSize is the size of a pipe. All that are in use at once take a quarter of what a user may have.
const pipeSize = mostInTurn

// noPipes is set where the system cannot splice.
var noPipes atomic.Bool

// takePipe returns an empty pipe; nil: there is none to be had.
func takePipe() vessel {
	if noPipes.Load() {
		return nil
	}
	pipes.Lock()
	defer pipes.Unlock()
	if last := len(pipes.empty) - 1; last >= 0 {
		p := pipes.empty[last]
		pipes.empty = pipes.empty[:last]
		return p
	}
	ends := [2]int{}
	if pipes.open >= openPipes() {
		return nil
	}
	if unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
		return nil // the descriptors are used up
	}
	pipes.open++
	unix.FcntlInt(uintptr(ends[0]), unix.F_SETPIPE_SZ, pipeSize) // or it remains as it is: that is slower
	return &pipe{from: ends[0], to: ends[1]}
}

func (p *pipe) fill(from, most int) (n int, err error) {
	moved, err := unix.Splice(from, nil, p.to, nil, most, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
	if err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOPNOTSUPP {
		noPipes.Store(true)
		err = errUnfit
	}
	p.has = max(0, int(moved))
	return p.has, err
}

func (p *pipe) pour(to int) (n int, err error) {
	moved, err := unix.Splice(p.from, nil, to, nil, p.has, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
	n = max(0, int(moved))
	p.has -= n
	return n, err
}

func (p *pipe) left() int { return p.has }

func (p *pipe) free() {
	largeVessels.Add(-1)
	pipes.Lock()
	defer pipes.Unlock()
	if p.has == 0 && len(pipes.empty) < mostPipes {
		pipes.empty = append(pipes.empty, p)
		return
	}
	pipes.open--
	unix.Close(p.from)
	unix.Close(p.to)
}
