package peer

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// group returns a group, once it is here. It is held until it is released.
func (f *File) group(group uint64, of stretch) (*slot, error) {
	all := protocol.Groups(f.is.Size)
	f.cache.move(f.ahead.plan(group, all, of, f.cache.find(group) != nil, f.cache.comeIn(aheadSpan, mostAhead)))
	f.forgive()
	for {
		have, lacks := f.cache.look(group)
		if f.mustAsk(lacks) {
			f.cache.awaits()
			lacks.Keeps, f.ahead.keeps = f.ahead.keeps, true
			select {
			case f.inputs <- lacks:
			case <-f.over: // what is here can be read
			}
		}
		if have != nil {
			return have, nil
		}
		select {
		case <-f.cache.news:
		case <-f.over:
			return nil, f.end()
		}
		if err := f.failure(); err != nil {
			return nil, err
		}
	}
}

// mustAsk reports whether the machine has to be told what is lacking: not if these groups are the
// rest of those that it has been told. None of these leaves the cache before the window moves.
func (f *File) mustAsk(lacks roles.Wanted) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	lacking := client.Range{First: lacks.First, Count: lacks.Count}
	told := lacking.First >= f.awaits.First && lacking.First+lacking.Count <= f.awaits.First+f.awaits.Count
	f.awaits = lacking
	if lacking.Count == 0 || told {
		return false
	}
	f.asked = lacking
	return true
}

// forgive forgets why an earlier read failed.
func (f *File) forgive() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = nil
}

func (f *File) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}
