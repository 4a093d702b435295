//go:build !unix

package transport

// withoutVessels does nothing: there are none.
func withoutVessels(bool) {}
