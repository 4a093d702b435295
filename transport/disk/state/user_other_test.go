//go:build !unix

package state_test

import "testing"

// isUser skips the test: modes mean nothing.
func isUser(t *testing.T) bool {
	t.Skip("no modes")
	return false
}
