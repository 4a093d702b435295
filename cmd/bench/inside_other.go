//go:build !linux

package main

import (
	"context"
	"io"
)

// Only Linux has network namespaces.

func insideDirs() (dirs, bool) { return dirs{}, false }

func runInside(context.Context, dirs, []string, io.Writer, io.Writer) (done bool, err error) {
	return false, nil
}

func enterNamespace() error { return nil }
