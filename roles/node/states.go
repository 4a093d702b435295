package node

// States calls f with the table and the state of the machine, and with those of the machines within that run.
func (m *Membership) States(f func(table, state string)) {
	f(m.core.Name(), string(m.State()))
	if r := m.beside.renewal; m.beside.runs() {
		f(r.core.Name(), string(r.State()))
	}
	if a := m.await; a.runs() {
		f(a.core.Name(), string(a.State()))
	}
}

// States calls f with the table and the state of the machine.
func (u *Upload) States(f func(table, state string)) { f(u.core.Name(), string(u.State())) }
