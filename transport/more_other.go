//go:build !linux

package transport

// put writes to the connection. That more follows is of no use here.
func (k *link) put(data []byte, more bool) (n int, err error) { return k.conn.Write(data) }
