package peer

import (
	"fmt"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// mostOffers bounds the offers that one call has in memory: a relay of roles.MaxIndex names has to be
// asked for less at once. Names has no such bound.
const mostOffers = 5_000_000

// budget is what one call may still have in memory. It is shared by what the call does at once.
type budget struct {
	most int // offers, when nothing was spent

	mu     sync.Mutex
	offers int
	bytes  int64
}

func newBudget() *budget { return budgetOf(mostOffers) }

// budgetOf returns a budget of so many offers, and of the bytes that they say on average.
func budgetOf(most int) *budget {
	return &budget{most: most, offers: most, bytes: int64(most) * roles.MeanName}
}

// spend takes some offers of so many bytes, or fails.
func (b *budget) spend(offers int, bytes int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.offers -= offers; b.offers >= 0 {
		if b.bytes -= bytes; b.bytes >= 0 {
			return nil
		}
	}
	return b.tooMany()
}

// exceeded reports whether names alone are more than there is.
func (b *budget) exceeded(names *Names) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return names.records.Len() > b.offers || names.records.Bytes() > b.bytes
}

func (b *budget) tooMany() error {
	return &Error{Kind: ErrTooMany, Code: protocol.Limit, By: protocol.Client,
		Text: fmt.Sprintf("more than %d names, or %d MB of them, match: ask for fewer with a pattern", b.most, b.most*roles.MeanName/1_000_000)}
}

// load returns names as offers, in memory.
func (b *budget) load(names *Names) (offers []client.Offer, err error) {
	if err := b.spend(names.records.Len(), names.records.Bytes()); err != nil {
		return nil, err
	}
	offers = make([]client.Offer, 0, names.records.Len())
	for one, err := range names.All() {
		if err != nil {
			return nil, err
		}
		offers = append(offers, one.Offer)
	}
	return offers, nil
}
