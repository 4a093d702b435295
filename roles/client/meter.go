package client

import (
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
)

// allowance is how many bytes may pass over the circuits of a client, which share them, as the relay has said with the last
// one that it opened.
type allowance struct {
	left uint64 // for which nothing has been asked
	due  uint64 // that were asked for, and have not passed
}

// meter has a visit ask for no more over its circuit than may pass, so that it ends with a whole group, and the relay does
// not cut it in the middle of one. Where the relay has said nothing, and without a circuit, it bounds nothing.
type meter struct {
	all  *allowance // nil: nothing is bounded
	need uint64     // without which a circuit is of no use
	told uint64     // by OPENED; 0: any number may pass
	more uint64     // milliseconds from then on, until more may; 0: it is not known
	owed uint64     // part of what is due
}

// What passes, at most, beside content: TLS adds 22 bytes to a record, of which the first are of 1.2 KiB. Its handshake
// takes 5 KiB, with both certificates and a ticket for the next one; a message 400 bytes, without names and trees.
const (
	openingBytes  = 8 << 10 // of a circuit, with its end
	exchangeBytes = 1 << 10 // of a request and its answer
	hashingBytes  = 1 << 7  // of each HASHING before that
)

// carried returns how many bytes pass for so many within TLS.
func carried(bytes uint64) uint64 { return bytes + bytes/50 }

// exchange returns how many bytes pass for a request, its answer, and so many of content.
func exchange(name string, bytes uint64) uint64 {
	return exchangeBytes + carried(uint64(len(name))+bytes)
}

// described returns how many bytes of a tree are in an OUTBOARD.
func described(size, first uint64) uint64 {
	groups := protocol.Groups(size)
	if groups <= 1 {
		return 0
	}
	return (min(protocol.MaxGroups, groups-min(groups, first)) + 64) * content.NodeSize // and the way down to them
}

// granted notes what may pass over a circuit that was opened, and reports whether that is of use.
func (m *meter) granted(is *protocol.Opened) bool {
	bytes := is.Bytes
	m.more = is.Refill
	if m.all == nil || bytes == 0 {
		return true
	}
	m.told, m.all.left = bytes, bytes-min(bytes, m.all.due)
	if m.all.left < m.need {
		return false
	}
	m.spend(m.need)
	return true
}

// never reports whether the circuit would be of no use even if no other one had anything to bring.
func (m *meter) never() bool { return m.told > 0 && m.told < m.need }

// begin gives what was put aside for the visit to its first requests.
func (m *meter) begin() {
	m.spare(m.need)
	m.spend(openingBytes)
}

// affords reports whether so many bytes may pass.
func (m *meter) affords(bytes uint64) bool { return m.told == 0 || bytes <= m.all.left }

// groups returns how many groups may be asked for at once, 0: any number, and whether any may.
func (m *meter) groups(name string, unit uint64) (most uint64, some bool) {
	if m.told == 0 || unit == 0 {
		return 0, true
	}
	least := exchange(name, 0)
	most = (m.all.left - min(least, m.all.left)) / carried(unit+1)
	return most, most > 0
}

// spend notes that something is asked for.
func (m *meter) spend(bytes uint64) {
	if m.told > 0 {
		m.all.left -= min(m.all.left, bytes)
		m.all.due, m.owed = m.all.due+bytes, m.owed+bytes
	}
}

// spare takes back what is not to come after all.
func (m *meter) spare(bytes uint64) {
	if bytes = min(bytes, m.owed); bytes > 0 {
		m.all.left += bytes
		m.passed(bytes)
	}
}

// passed notes that some of it has passed.
func (m *meter) passed(bytes uint64) {
	if bytes = min(bytes, m.owed); bytes > 0 {
		m.all.due, m.owed = m.all.due-bytes, m.owed-bytes
	}
}

// end notes that nothing more passes.
func (m *meter) end() { m.passed(m.owed) }

// refuses says why a circuit is of no use.
func (m *meter) refuses() string {
	if !m.never() {
		return fmt.Sprintf("the relay lets %d bytes pass, which other circuits are to bring", m.told)
	}
	return fmt.Sprintf("the relay lets %d bytes pass, and %d are needed", m.told, m.need) + m.refills()
}

// scant says that no more may pass.
func (m *meter) scant() string {
	return fmt.Sprintf("the relay lets %d bytes pass, and too few of them are left for what is missing", m.told) + m.refills()
}

// refills says when more may pass, if the relay has said so.
func (m *meter) refills() string {
	if m.more == 0 {
		return ""
	}
	return fmt.Sprintf("; more may in %v", roles.Millis(m.more).Round(time.Second))
}
