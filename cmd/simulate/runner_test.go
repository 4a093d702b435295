package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

func TestRunsThatAreInterruptedHaveNotKeptAllPromises(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r := runner{n: 1_000_000, out: &bytes.Buffer{}, news: &bytes.Buffer{}}
	if kept, err := r.run(ctx); kept || cli.ExitCode(err) != cli.ExitInterrupted {
		t.Errorf("kept %v, %v", kept, err)
	}
}
