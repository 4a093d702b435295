package store

import "sync"

// places are where the files of a fetch lie. Two names may be one place, whatever they look like: behind a
// link or a mount within the folder, or on a disk that has its own idea of names.
type places struct {
	mu     sync.Mutex
	names  []string
	looked int               // at so many of the names
	of     map[single]string // these, by what lies there
}

// single identifies a file that has one name alone: if it is found under two, these are one place.
type single struct{ device, number uint64 }

func (p *places) add(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names = append(p.names, name)
}

// taken returns an error if the file under a name, which is about to be replaced, has come under another
// one. It looks at the places only now: hardly anything is ever replaced.
func (t *twins) taken(name string) error {
	there, is := t.singleAt(name)
	if !is {
		return nil
	}
	p := &t.places
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[single]string{}
	}
	for ; p.looked < len(p.names); p.looked++ {
		if file, is := t.singleAt(p.names[p.looked]); is {
			p.of[file] = p.names[p.looked]
		}
	}
	if other, is := p.of[there]; is && other != name {
		return &twinError{other}
	}
	return nil
}

// singleAt returns the file under a name, if it is a regular one that has no other name.
func (t *twins) singleAt(name string) (single, bool) {
	info, err := t.root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return single{}, false
	}
	return singleOf(info)
}
