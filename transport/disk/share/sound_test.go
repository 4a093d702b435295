package share_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// knot changes a folder at random, and may lay a link.
func knot(folder string, draw *rand.Rand) (what string) {
	if draw.IntN(3) > 0 {
		return mess(folder, true, draw)
	}
	parts := []string{"a", "b", "c", "a/b", "b/a", "c/c"}
	to, at := parts[draw.IntN(len(parts))], parts[draw.IntN(len(parts))]
	os.RemoveAll(filepath.Join(folder, at))
	os.MkdirAll(filepath.Dir(filepath.Join(folder, at)), 0o755)
	err := os.Symlink(filepath.Join(folder, to), filepath.Join(folder, at))
	if err != nil {
		return "no link: " + err.Error()
	}
	return "link " + at + " to " + to
}

// TestAShareDoesNotContradictItself: whatever comes and goes in a folder, and whatever is found out of
// its files, all that a share holds agrees; and after a walk it holds what one holds that is new.
func TestAShareDoesNotContradictItself(t *testing.T) {
	t.Parallel()
	hashes := []protocol.Hash{{1}, {2}, {0, 0, 0, 0, 0, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 0, 0, 0, 2}} // two with one key
	for seed := range uint64(12) {
		draw := rand.New(rand.NewPCG(seed, 3))
		folder := t.TempDir()
		still := share.NewStill(t, folder)
		var done []string
		sound := func() {
			t.Helper()
			if why := still.Unsound(); why != "" {
				t.Fatalf("seed %d, after %q: %s", seed, done, why)
			}
			for _, hash := range hashes {
				got, all := still.Holders(hash), still.Known(hash)
				slices.Sort(got)
				slices.Sort(all)
				if len(all) <= 8 && !slices.Equal(got, all) || len(got) > 8 {
					t.Fatalf("seed %d, after %q: %q hold a content, not %q", seed, done, got, all)
				}
			}
		}
		for range 30 {
			for range draw.IntN(4) {
				done = append(done, knot(folder, draw))
			}
			names := slices.Sorted(maps.Keys(still.Names()))
			name := []string{"a", "b", "c", "a/b"}[draw.IntN(4)]
			if len(names) > 0 && draw.IntN(4) > 0 {
				name = names[draw.IntN(len(names))]
			}
			what := []string{"walk", "look", "look", "skim", "know", "know", "know", "opaque", "revoke", "tell", "fill", "empty", "due"}[draw.IntN(13)]
			done = append(done, what+" "+name)
			switch what {
			case "walk":
				still.Walk()
			case "look":
				still.Look(name, filepath.Dir(name))
			case "skim":
				still.Skim()
			case "know":
				for _, name := range names {
					if draw.IntN(2) == 0 {
						still.Know(name, hashes[draw.IntN(len(hashes))])
					}
				}
			case "opaque":
				still.Opaque(name)
			case "revoke":
				still.Revoke(name)
			case "tell":
				still.TellNames()
			case "due":
				still.Due()
			case "fill", "empty":
				still.Fill(what == "fill")
			}
			sound()
		}
		still.Walk()
		sound()
		still.Walk() // a folder that it has found gone may have been another's
		sound()
		fresh := share.NewStill(t, folder)
		fresh.Walk()
		if got, want := still.Names(), fresh.Names(); !maps.Equal(got, want) {
			t.Fatalf("seed %d, after %q: the names are %v, not %v", seed, done, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	}
}

// A look at the place of a change finds it, under all links that lead there; nothing else is looked at.
func TestALookFindsWhatHasChanged(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	disktest.Lay(t, at("real/deep/file"), "text")
	disktest.Lay(t, at("other"), "text")
	link(t, "real", at("one"))
	link(t, "real/deep", at("two"))
	still := share.NewStill(t, folder)
	still.Walk()
	are := func(want ...string) {
		t.Helper()
		if got := slices.Sorted(maps.Keys(still.Names())); !slices.Equal(got, want) {
			t.Errorf("the names are %q, not %q", got, want)
		}
		if why := still.Unsound(); why != "" {
			t.Error(why)
		}
	}
	are("one/deep/file", "other", "real/deep/file", "two/file")
	disktest.Lay(t, at("real/deep/later"), "later")
	disktest.Lay(t, at("unseen"), "later")
	still.Look("real/deep/later")
	are("one/deep/file", "one/deep/later", "other", "real/deep/file", "real/deep/later", "two/file", "two/later")
	if got := still.Waiting(); got != 4 { // and not for those that came later
		t.Errorf("%d files are waited for", got)
	}
	os.Remove(at("real/deep/file"))
	os.Remove(at("other"))
	still.Look("real/deep/file")
	are("one/deep/later", "other", "real/deep/later", "two/later")
	os.Remove(at("one"))
	still.Look("one", "other")
	are("real/deep/later", "two/later")
	os.Rename(at("real/deep"), at("real/new"))
	still.Look("real/deep", "real/new")
	are("real/new/later")
	still.Skim()
	are("real/new/later", "unseen")
	still.Walk()
	are("real/new/later", "unseen")
}
