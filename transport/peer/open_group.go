package peer

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// group returns the bytes of a group, once they are here. They stay until the next call.
func (f *File) group(group uint64) ([]byte, error) {
	window := f.window(group)
	f.forgive()
	for {
		data, lacking := f.cache.look(window)
		if f.mustAsk(lacking) {
			select {
			case f.inputs <- roles.Wanted{First: lacking.First, Count: lacking.Count}:
			case <-f.over:
				return nil, f.end()
			}
		}
		if data != nil {
			return data, nil
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

// window returns the groups that are wanted when one is read: also the next one, if reading goes on
// in order.
func (f *File) window(group uint64) client.Range {
	if group != f.last {
		f.inOrder = group == f.last+1
		f.last = group
	}
	if f.inOrder {
		return client.Range{First: group, Count: min(mostWanted, protocol.Groups(f.is.Size)-group)}
	}
	return client.Range{First: group, Count: 1}
}

// mustAsk reports whether the machine has to be told what is lacking: not if these groups are the
// rest of those that it has been told. None of these leaves the cache before the window moves.
func (f *File) mustAsk(lacking client.Range) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
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
