package main

// plain is the congestion control that does not pace: over loopback a pacing one is most of what is
// measured, and most of the programs that are compared do not let it be chosen.
const plain = "reno"

// findControls finds out which congestion controls the measures may be taken under: the system's
// default, as users have it, and the plain one. Outside of a namespace of its own nothing is changed.
func (l *lab) findControls(inside bool) {
	usual := congestion()
	l.controls = []string{usual}
	if usual == plain {
		return
	}
	if !inside {
		l.note("no network namespace of its own is to be had here: rows under %s were left out", plain)
		return
	}
	if err := congest(plain); err != nil {
		l.note("rows under %s were left out: %v", plain, err)
		return
	}
	l.controls = []string{usual, plain}
	if err := congest(usual); err != nil {
		l.note("rows under %s were left out: %v", usual, err)
		l.controls = []string{plain}
	}
}

// calm returns the control for what is measured under one alone: the plain one where it may be chosen.
func (l *lab) calm() string { return l.controls[len(l.controls)-1] }

// under chooses the congestion control of sockets that are made from now on.
func (l *lab) under(control string) error {
	if len(l.controls) == 1 {
		return nil // it is nothing else, and outside of a namespace it is not ours to change
	}
	return congest(control)
}
