package transport

import "github.com/relaypeer/relaypeer/roles"

// descriptors keeps some for those who are inside: files, and what the process needs besides. A link has a
// number below the reserve; one that would have a higher one is refused. So whatever holds the lower ones,
// links never hold those of the reserve for longer than it takes to refuse them.
type descriptors struct {
	scarce uint64 // from this number on a link is refused; 0: never
	gone   uint64 // and from this one on it is closed at once
}

// newDescriptors returns those of this process.
func newDescriptors() (d descriptors) {
	if most, known := OpenFiles(); known {
		return descriptorsOf(min(most, 1<<40))
	}
	return d
}

func descriptorsOf(most uint64) descriptors {
	spared := SparedFiles(most)
	return descriptors{scarce: most - spared, gone: most - spared/2}
}

// SparedFiles returns how many of so many open files a server spares for those who are inside.
func SparedFiles(most uint64) uint64 {
	return min(most/100*(100-roles.ScarceFiles)+most%100*(100-roles.ScarceFiles)/100, roles.MaxSparedFiles)
}

// judge reports whether a link that has come has to be refused, and whether even that takes too long.
func (d descriptors) judge(conn Conn) (full, overfull bool) {
	if d.scarce == 0 {
		return false, false
	}
	number, known := descriptor(conn)
	return known && number >= d.scarce, known && number >= d.gone
}

// bottom returns the connection below all others.
func bottom(conn Conn) Conn {
	for {
		switch over := conn.(type) {
		case *tlsConn:
			conn = over.wire.Conn
		case *wire:
			conn = over.Conn
		case *fed:
			conn = over.Conn
		default:
			return conn
		}
	}
}
