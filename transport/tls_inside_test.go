package transport

// Under returns the connection of the network below TLS, or else the connection itself.
func Under(conn Conn) Conn {
	if over, is := conn.(*tlsConn); is {
		return over.wire.Conn
	}
	return conn
}
