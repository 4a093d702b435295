package program

import (
	"bytes"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
)

func TestListsAreColumnsForProgramsAndATableForPeople(t *testing.T) {
	found := merge([]pick{
		{name: "b c.txt", size: 1536, hash: hashNo(0xab), count: 2},
		{name: "a/x", size: 7, hash: hashNo(1), count: 1},
		{name: "a/x", size: 9, hash: hashNo(2), count: 5},
	})
	var out bytes.Buffer
	if err := printList(&out, found, false); err != nil {
		t.Fatal(err)
	}
	zeros := strings.Repeat("0", 62)
	if expected := "a/x\t9\t02" + zeros + "\t5\t2\na/x\t7\t01" + zeros + "\t1\t2\nb c.txt\t1536\tab" + zeros + "\t2\t1\n"; out.String() != expected {
		t.Errorf("%q", out.String())
	}
	out.Reset()
	if err := printList(&out, found, true); err != nil {
		t.Fatal(err)
	}
	if expected := "" +
		"SIZE     NODES  HASH          NAME\n" +
		"9 bytes  5      020000000000  a/x  (1 of 2 contents)\n" +
		"7 bytes  1      010000000000  a/x  (1 of 2 contents)\n" +
		"1.5 KiB  2      ab0000000000  b c.txt\n"; out.String() != expected {
		t.Errorf("\n%s", out.String())
	}
}

func TestWhoHasItIsToldWithWhoMayHaveIt(t *testing.T) {
	have := []protocol.Peer{{Host: protocol.IP{127, 0, 0, 1}, Port: 4001, Size: 2048, Hash: hashNo(3)}}
	may := []protocol.Peer{{Host: protocol.IP{127, 0, 0, 1}, Port: 4002}}
	var out bytes.Buffer
	if err := printWho(&out, have, may, false); err != nil {
		t.Fatal(err)
	}
	if expected := "127.0.0.1:4001\t2048\t" + hashNo(3).String() + "\n127.0.0.1:4002\t-\t-\n"; out.String() != expected {
		t.Errorf("%q", out.String())
	}
	out.Reset()
	if err := printWho(&out, have, may, true); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "127.0.0.1:4001  2 KiB  03") || !strings.Contains(text, "127.0.0.1:4002         may have it") {
		t.Errorf("\n%s", text)
	}
}

func TestALiteralPatternStandsForItsNameAlone(t *testing.T) {
	for _, name := range []string{"a", "photo [1].jpg", "why?", "*", "a/**/b", "[a-z]", "größe"} {
		if !protocol.Match(literal(name), name) || protocol.CheckPattern(literal(name)) != nil {
			t.Errorf("%q is not what %q stands for", name, literal(name))
		}
	}
	for pattern, name := range map[string]string{"photo [1].jpg": "photo 1.jpg", "*": "a", "why?": "whyx", "a/**/b": "a/b"} {
		if protocol.Match(literal(pattern), name) {
			t.Errorf("%q stands for %q", literal(pattern), name)
		}
	}
}
