package transport

import "crypto/tls"

// Under returns the connection of the network below TLS, or else the connection itself.
func Under(conn Conn) Conn { return below(conn) }

// Configs returns the options under which a network speaks TLS.
func Configs(t *TLS) (server, client *tls.Config) {
	self, err := t.identity()
	if err != nil {
		panic(err)
	}
	return self.server, self.client
}
