package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// dateBugs are bugs of the dates of files.
var dateBugs = []planted{
	{"a relay keeps the first date for ever", directory(func(b *before, d relay.Directory) {
		first := map[protocol.Entry]uint64{}
		b.publish = func(at roles.Moment, m *protocol.Publish) protocol.Message {
			page := *m
			page.Changes = append([]protocol.Entry{}, m.Changes...)
			redate(&page, func(e *protocol.Entry) {
				of := undated(*e)
				if _, known := first[of]; !known {
					first[of] = e.Modified
				}
				e.Modified = first[of]
			})
			return d.Publish(at, &page)
		}
	}), []ID{S15}, "a file that gets another date", "", nil},
	{"a date outlives the node that has said it", directory(func(b *before, d relay.Directory) {
		last := map[protocol.Entry]uint64{}
		b.publish = func(at roles.Moment, m *protocol.Publish) protocol.Message {
			for _, e := range m.Changes {
				last[undated(e)] = e.Modified
			}
			return d.Publish(at, m)
		}
		b.list = func(at roles.Moment, from relay.From, m *protocol.List) protocol.Message {
			answer := d.List(at, from, m)
			if listed, is := answer.(*protocol.Listed); is {
				for i := range listed.Items {
					listed.Items[i].Modified = last[entryOf(&listed.Items[i])]
				}
			}
			return answer
		}
	}), []ID{S15}, "two nodes with one content, of which the last leaves", "", nil},
	{"a node never gives a file another date", around(memberKind, func(b *bugged) {
		first := map[string]uint64{}
		b.after = publishing(func(m *protocol.Publish) {
			redate(m, func(e *protocol.Entry) {
				if first[e.Name] == 0 {
					first[e.Name] = e.Modified
				}
				e.Modified = first[e.Name]
			})
		})
	}), []ID{L4}, "a file that gets another date", "", nil},
	{"a file that is read has no date", around(readerKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			for i, effect := range effects {
				report, _ := effect.(roles.Report)
				if pinned, is := report.Outcome.(client.Pinned); is {
					pinned.Attributes.Modified = 0
					effects[i] = roles.Report{Outcome: pinned}
				}
			}
			return effects
		}
	}), []ID{S20}, "a file that is read at some place", "", nil},
}

// redate gives the entries of a page that are there other dates.
func redate(m *protocol.Publish, date func(*protocol.Entry)) {
	for i := range m.Changes {
		if e := &m.Changes[i]; !e.Removes() {
			date(e)
		}
	}
}
