package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// linksForFirst is how many links are opened for each counted run.
const linksForFirst = 10

// measureFirst is about the first byte of a very large file that is indexed: the time from the link being open. Once as
// peer-client asks, for the tree and then for content, and once for content alone, as one does who has the tree.
func measureFirst(ctx context.Context, l *lab) (rows []row, err error) {
	share, err := l.scratch("sparse")
	if err != nil {
		return nil, err
	}
	if err := makeSparse(filepath.Join(share, "sparse"), int64(l.sparse)); err != nil {
		return nil, err
	}
	c, err := l.startCrew(ctx, share, 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop(), os.RemoveAll(share)) }()
	hash, err := c.hashOf(ctx, "sparse")
	if err != nil {
		return nil, err
	}
	var whole, alone []float64
	for range linksForFirst * l.runs {
		took, err := firstByte(ctx, c.at, &protocol.Tree{Name: "sparse", Hash: hash}, &protocol.Get{Name: "sparse", Hash: hash, Length: protocol.GroupSize})
		if err != nil {
			return nil, err
		}
		whole = append(whole, took)
		if took, err = firstByte(ctx, c.at, nil, &protocol.Get{Name: "sparse", Hash: hash, Length: protocol.GroupSize}); err != nil {
			return nil, err
		}
		alone = append(alone, took)
	}
	what := fmt.Sprintf("first byte of %s that are indexed, from the link being open", l.sparse.String())
	return []row{
		{what: what + ", tree first", ours: median(whole), unit: "ms", bar: bar{most: 5}},
		{what: what + ", tree known", ours: median(alone), unit: "ms", bar: bar{most: 5}},
	}, nil
}

// firstByte returns the milliseconds from the link being open to the first byte of content.
func firstByte(ctx context.Context, at string, tree *protocol.Tree, get *protocol.Get) (float64, error) {
	w, err := dialWire(ctx, at)
	if err != nil {
		return 0, err
	}
	defer w.close()
	begin := time.Now()
	if tree != nil {
		if _, err := w.ask(tree); err != nil {
			return 0, err
		}
	}
	if _, err := w.ask(get); err != nil {
		return 0, err
	}
	err = w.content()
	return float64(time.Since(begin)) / float64(time.Millisecond), err
}
