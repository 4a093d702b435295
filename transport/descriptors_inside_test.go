//go:build unix

package transport

import "testing"

// pair returns the two ends of a connection of real sockets.
func pair(t *testing.T) (near, far Conn) {
	t.Helper()
	l, err := TCP{}.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = (TCP{}).Dial(t.Context(), l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// TestALinkWithAHighDescriptorIsRefused: above four fifths of those that there can be in its turn, and above
// nine tenths at once. Over TLS the connection below counts.
func TestALinkWithAHighDescriptorIsRefused(t *testing.T) {
	near, far := pair(t)
	for _, conn := range []Conn{near, far, &tlsConn{wire: &wire{Conn: far}}} {
		number, known := descriptor(conn)
		if !known || number < 3 {
			t.Fatalf("descriptor %d, %v", number, known)
		}
		for bounds, want := range map[descriptors][2]bool{
			{number + 1, number + 2}: {false, false}, {number, number + 1}: {true, false}, {number - 1, number}: {true, true},
		} {
			if full, overfull := bounds.judge(conn); [2]bool{full, overfull} != want {
				t.Errorf("descriptor %d under %v: %v, %v", number, bounds, full, overfull)
			}
		}
	}
	for most, want := range map[uint64]descriptors{64: {52, 58}, 1000: {800, 900}, 1 << 20: {1<<20 - 2048, 1<<20 - 1024}} {
		if d := descriptorsOf(most); d != want {
			t.Errorf("of %d: %v", most, d)
		}
	}
	if full, overfull := (descriptors{}).judge(near); full || overfull {
		t.Error("without a bound it is refused")
	}
}

// TestAConnectionWithoutADescriptorIsTaken: there is none in memory.
func TestAConnectionWithoutADescriptorIsTaken(t *testing.T) {
	network := NewMemory()
	l, err := network.Listen(t.Context(), "relay:1")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := network.Dial(t.Context(), "relay:1")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if full, overfull := descriptorsOf(1).judge(conn); full || overfull {
		t.Error("it is refused")
	}
}
