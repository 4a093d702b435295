//go:build !linux

package transport

// put writes to the connection. It ignores more on this system.
func (k *link) put(data []byte, more bool) (n int, err error) { return k.conn.Write(data) }
