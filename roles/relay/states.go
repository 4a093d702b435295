package relay

// States calls f with the table and the state of the machine, and with those of the machine within, if that runs.
func (s *Session) States(f func(table, state string)) {
	f(s.core.Name(), string(s.State()))
	if p := s.proving.probe; p != nil && p.runs() {
		f(p.core.Name(), string(p.State()))
	}
}
