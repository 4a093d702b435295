//go:build unix

package transport

import (
	"bytes"
	"io"
	"testing"
	"time"
)

// withoutVessels has circuits do with small vessels, as those beyond mostVessels do.
func withoutVessels(on bool) {
	if on {
		largeVessels.Add(mostVessels)
		return
	}
	largeVessels.Add(-mostVessels)
}

// Of circuits whose peers take nothing a few hold as much as fits into a large vessel, and all others little. What they
// hold is neither lost nor kept when the peers take it.
func TestFewCircuitsThatAreHeldUpHoldMuch(t *testing.T) {
	const more = 3
	largeVessels.Add(mostVessels - more)
	defer largeVessels.Add(more - mostVessels)
	before := largeVessels.Load()
	said := randomBytes(16 << 20)
	type held struct {
		ends [2]Conn
		stop func()
	}
	var all []held
	for range 2 * more {
		b, stop := openBoard(t, TCP{}, TCP{}, nil)
		one := held{b.circuit(), stop}
		go func() { one.ends[0].Write(said); one.ends[0].CloseWrite() }()
		all = append(all, one)
	}
	for deadline := time.Now().Add(10 * time.Second); largeVessels.Load() != before+more; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d large vessels are in use, and %d were before", largeVessels.Load(), before)
		}
	}
	for _, one := range all {
		if got, err := io.ReadAll(one.ends[1]); err != nil || !bytes.Equal(got, said) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		one.ends[1].CloseWrite()
		one.ends[0].Close()
		one.ends[1].Close()
		one.stop()
	}
	if largeVessels.Load() != before {
		t.Errorf("%d large vessels are in use, and %d were before", largeVessels.Load(), before)
	}
}
