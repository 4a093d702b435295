package client

import "github.com/relaypeer/relaypeer/roles"

// want notes the groups that the owner lacks. The node that is being read from is asked for them at once, behind those
// that are on their way.
func (r *Reader) want(at roles.Moment, in roles.Wanted) {
	if !r.picker.open || !r.core.Can(readerWanted) {
		return
	}
	first := min(in.First, r.picker.groups)
	wanted := Range{first, min(in.Count, r.picker.groups-first)}
	has := in.Has
	if in.Keeps {
		has = r.picker.besides(wanted, has)
	}
	if !lacks(wanted.Count, has) {
		return
	}
	r.wanted = wanted
	r.picker.Window(wanted, has)
	r.begin()
	r.core.Fire(readerWanted)
	r.absorb(r.source.further(at))
}

// lacks reports whether some of so many groups are not had.
func lacks(groups uint64, has roles.Groups) bool {
	for group := range groups {
		if !has.Has(group) {
			return true
		}
	}
	return false
}
