//go:build !linux

package transport

// withoutPipes does nothing: there are none.
func withoutPipes(bool) {}
