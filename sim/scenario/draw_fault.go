package scenario

import "time"

// fault draws a fault of any class whose target exists.
func (d drawing) fault() Fault {
	drawn := 0
	for drawn < len(Classes) && Classes[drawn].Target != AtNobody {
		drawn++
	}
	info := &Classes[d.c.N(drawn, "class")]
	f := Fault{Class: info.Class, At: d.time()}
	switch info.Target {
	case AtNode:
		if len(d.s.Nodes) == 0 {
			f.Class, info = Crash, Crash.Info()
			f.Who = "relay"
			break
		}
		f.Who = d.holder()
	case AtClient:
		f.Who = d.client()
	case AtServer:
		f.Who = d.server()
	case AtPair:
		f.Who, f.With = d.pair(info.Class)
	default:
		f.Who = d.host()
	}
	if chance(d.c, 3, "by event") {
		f.At, f.Event = 0, 1+d.c.N(500, "event")
	}
	if info.Lasts || info.File || info.Target == AtPair {
		if d.c.N(2, "before") > 0 { // just before the moment of the operations
			f.At, f.Event = max(0, d.moment-time.Duration(d.c.N(300, "early"))*time.Millisecond), 0
		}
	}
	if info.Lasts {
		f.For = d.span()
	}
	if len(info.N) > 0 {
		f.N = pick(d.c, "n", info.N...)
	}
	if info.File {
		f.Name = d.fileAt(f.Who)
	}
	if f.Class == FileAppear {
		f.Name = d.name()
	}
	if f.Class == Attack {
		attacks := Attacks()
		f.Name = attacks[d.c.N(len(attacks), "attack")]
	}
	return f
}

func (d drawing) host() string {
	if chance(d.c, 3, "client") {
		return d.client()
	}
	return d.server()
}

// pair draws two hosts that talk to each other: a client or node that dials, and a server.
func (d drawing) pair(class Class) (who, with string) {
	who, with = d.client(), d.server()
	if len(d.s.Nodes) > 0 && chance(d.c, 2, "node") {
		who, with = NodeName(d.c.N(len(d.s.Nodes), "who")), "relay"
	}
	if class != Reset && class != BlackHole && chance(d.c, 3, "other way") {
		return with, who
	}
	return who, with
}

// holder draws a node, most often one that has a file.
func (d drawing) holder() string {
	i := d.c.N(len(d.s.Nodes), "who")
	for range d.s.Nodes {
		if len(d.s.Nodes[i].Files) > 0 {
			break
		}
		i = (i + 1) % len(d.s.Nodes)
	}
	return NodeName(i)
}

// fileAt draws a file of a node.
func (d drawing) fileAt(node string) string {
	for i := range d.s.Nodes {
		if files := d.s.Nodes[i].Files; NodeName(i) == node && len(files) > 0 {
			return files[d.c.N(len(files), "file")].Name
		}
	}
	return d.name()
}
