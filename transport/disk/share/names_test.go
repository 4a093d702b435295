package share_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// link makes a symbolic link.
func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

// isRefused checks that a name is refused.
func isRefused(t *testing.T, shared *share.Folder, name string, code protocol.Code) {
	t.Helper()
	if _, refusal := open(t, shared, name, protocol.Hash{}); refusal == nil || refusal.Code != code {
		t.Errorf("%q: %v, not %v", name, refusal, code)
	}
}

const (
	decomposed = "Mu\u0308ller/cafe\u0301.txt"
	composed   = "M\u00fcller/caf\u00e9.txt"
)

// Some systems store names decomposed. They are shared composed.
func TestNamesThatAreStoredDecomposedAreSharedComposed(t *testing.T) {
	t.Parallel()
	for mode, rescan := range map[string]time.Duration{"by hints": time.Hour, "by walking": 10 * time.Millisecond} {
		t.Run(mode, func(t *testing.T) {
			folder := t.TempDir()
			at := func(name string) string { return filepath.Join(folder, name) }
			disktest.Lay(t, at(decomposed), "first")
			disktest.Lay(t, at("e\u0301"), "decomposed")
			disktest.Lay(t, at("\u00e9"), "composed")
			told := newNews()
			share := openFollowed(t, folder, options{Rescan: rescan}, told)
			told.are(t, map[string]string{composed: "first", "\u00e9": "composed"})
			if got := serves(t, share, composed); got != hashOf("first") {
				t.Errorf("served as %v", got)
			}
			isRefused(t, share, decomposed, protocol.BadName)
			disktest.Lay(t, at(decomposed), "second")
			disktest.Lay(t, at("Mu\u0308ller/o\u0308"), "later")
			told.are(t, map[string]string{composed: "second", "M\u00fcller/\u00f6": "later", "\u00e9": "composed"})
			if err := os.Remove(at("\u00e9")); err != nil {
				t.Fatal(err)
			}
			told.are(t, map[string]string{composed: "second", "M\u00fcller/\u00f6": "later", "\u00e9": "decomposed"})
			if err := os.RemoveAll(at("Mu\u0308ller")); err != nil {
				t.Fatal(err)
			}
			told.are(t, map[string]string{"\u00e9": "decomposed"})
		})
	}
}

// Each is told once, with the reason; those beyond a number are counted.
func TestNamesThatAreNotSharedAreToldWithTheReason(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	for _, name := range []string{"good", "bad\x01folder/file", "mixed\u00e9e\u0301", "e\u0301", "\u00e9", "not\xffutf8", "\u212b"} {
		disktest.Lay(t, at(name), "text")
	}
	disktest.Fifo(t, at("pipe"))
	link(t, "/etc/passwd", at("outside"))
	link(t, "nowhere", at("dangling"))
	link(t, ".", at("loop"))
	logger, lines := disktest.Log()
	told := newNews()
	shared := openFollowed(t, folder, options{Log: logger, Rescan: time.Millisecond}, told)
	names := map[string]string{"good": "text", "\u00e9": "text"}
	told.are(t, names)
	for n := range share.MostPassed {
		disktest.Lay(t, at(fmt.Sprintf("\\%02d", n)), "text")
	}
	names["later"] = "text"
	disktest.Lay(t, at("later"), "text")
	told.are(t, names)
	const counted = "more names are not shared: count=9 " // said after a walk
	for over := time.Now().Add(patience); !strings.Contains(lines.String(), counted) && time.Now().Before(over); {
		pause(t.Context(), time.Millisecond)
	}
	shared.Close()
	said := lines.String()
	for _, want := range []string{
		`name=bad?folder why="character U+0001"`, `why="neither in Unicode normal form C nor, throughout, in form D"`,
		`why="another file has this name in Unicode normal form C"`, `why="not UTF-8"`, `name=pipe why="a named pipe"`,
		`name=outside why="a link that leads out of the share"`, `name=dangling why="a link that leads nowhere"`,
		`name=loop why="a link that leads back to a folder on its way"`, `why="character U+005C"`,
	} {
		if strings.Count(said, want) == 0 {
			t.Errorf("not told: %s", want)
		}
	}
	if n := strings.Count(said, "not shared: name="); n != share.MostPassed {
		t.Errorf("%d names are told", n)
	}
	if !strings.Contains(said, counted) || strings.Count(said, "more names") > share.MostPassed {
		t.Error("the others are not counted, or too often")
	}
	if t.Failed() {
		t.Log(said)
	}
}

// A link that ends in the share is followed, whichever way it takes; it never leads out.
func TestLinksThatEndInTheShareAreFollowed(t *testing.T) {
	t.Parallel()
	for mode, rescan := range map[string]time.Duration{"by hints": time.Hour, "by walking": 10 * time.Millisecond} {
		t.Run(mode, func(t *testing.T) {
			top := t.TempDir()
			at := func(name string) string { return filepath.Join(top, "shared", name) }
			disktest.Lay(t, filepath.Join(top, "secret/file"), "secret")
			disktest.Lay(t, at("sub/deep/file"), "text")
			link(t, "sub/deep/file", at("relative"))
			link(t, at("sub/deep/file"), at("absolute"))
			link(t, "../shared/sub/deep/file", at("roundabout"))
			link(t, at("sub"), at("folder"))
			link(t, "../deep", at("sub/deep/self"))
			link(t, "../..", at("sub/deep/top"))
			link(t, "../secret", at("out"))
			link(t, filepath.Join(top, "secret/file"), at("outfile"))
			told := newNews()
			shared := openFollowed(t, filepath.Join(top, "shared"), options{Rescan: rescan}, told)
			names := map[string]string{}
			for _, name := range []string{"relative", "absolute", "roundabout", "sub/deep/file", "folder/deep/file"} {
				names[name] = "text"
			}
			told.are(t, names)
			for name := range names {
				if got := serves(t, shared, name); got != hashOf("text") {
					t.Errorf("%s is served as %v", name, got)
				}
			}
			for _, name := range []string{"out/file", "outfile"} {
				isRefused(t, shared, name, protocol.NotFound)
			}
			disktest.Lay(t, at("sub/deep/later"), "later") // which is noticed under both names
			names["sub/deep/later"], names["folder/deep/later"] = "later", "later"
			told.are(t, names)
			if got := serves(t, shared, "folder/deep/later"); got != hashOf("later") {
				t.Errorf("served as %v", got)
			}
			if err := os.Rename(at("sub"), at("sub2")); err != nil {
				t.Fatal(err)
			}
			told.are(t, map[string]string{"sub2/deep/file": "text", "sub2/deep/later": "later"})
		})
	}
}

// Links that lead to each other's folders end.
func TestLinksThatMultiplyFoldersEnd(t *testing.T) {
	t.Parallel()
	folder := quickDir(t)
	const folders = 7
	for n := range folders {
		disktest.Lay(t, filepath.Join(folder, fmt.Sprint(n), "file"), "text")
		for other := range folders {
			link(t, fmt.Sprint("../", other), filepath.Join(folder, fmt.Sprint(n), fmt.Sprint("to", other)))
		}
	}
	logger, lines := disktest.Log()
	shared := openShare(t, folder, options{Log: logger})
	awaitIndexed(t, shared)
	if all, known := shared.Files(); all != share.MostAliases+folders || known != all {
		t.Errorf("%d names are shared, %d known", all, known)
	}
	shared.Close()
	if !strings.Contains(lines.String(), "more names are not shared") {
		t.Errorf("nobody is told: %s", lines)
	}
}

func TestASingleFileIsShared(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	disktest.Lay(t, filepath.Join(top, "real/movie"), "text")
	disktest.Lay(t, filepath.Join(top, "real/other"), "other")
	disktest.Lay(t, filepath.Join(top, "real/next"), "next")
	link(t, "real/movie", filepath.Join(top, "typed"))
	for name, disk := range map[string]string{"movie": "real/movie", "typed": "typed"} {
		told := newNews()
		shared := openFollowed(t, filepath.Join(top, disk), options{}, told)
		told.are(t, map[string]string{name: "text"})
		if got := serves(t, shared, name); got != hashOf("text") {
			t.Errorf("served as %v", got)
		}
		for _, other := range []string{"other", "real/movie", "next"} {
			isRefused(t, shared, other, protocol.NotFound)
		}
		disktest.Lay(t, filepath.Join(top, "real/movie"), "changed")
		told.are(t, map[string]string{name: "changed"})
		if name == "typed" { // a link that is switched
			link(t, "real/next", filepath.Join(top, "new"))
			if err := os.Rename(filepath.Join(top, "new"), filepath.Join(top, "typed")); err != nil {
				t.Fatal(err)
			}
			told.are(t, map[string]string{name: "next"})
		}
		shared.Close()
		disktest.Lay(t, filepath.Join(top, "real/movie"), "text")
	}
}
