package share_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// mess changes a folder at random, and says what. Of a change to a file that has other names, the system hints at one
// name only.
func mess(folder string, links bool, draw *rand.Rand) string {
	name := func() string { // few, so that they meet
		parts := []string{"a", "b", "c"}
		name := parts[draw.IntN(3)]
		for draw.IntN(2) == 0 {
			name += "/" + parts[draw.IntN(3)]
		}
		return name
	}
	one, two := name(), name()
	from, to := filepath.Join(folder, one), filepath.Join(folder, two)
	os.MkdirAll(filepath.Dir(to), 0o755) // which fails where a file is in the way, as the rest may
	var what string
	var err error
	switch what = []string{"write", "write", "overwrite", "rename", "link", "remove", "remove all", "make folder", "touch"}[draw.IntN(9)]; what {
	case "write":
		err = os.WriteFile(to, fmt.Append(nil, draw.Uint64()), 0o644)
	case "overwrite":
		var file *os.File
		if file, err = os.OpenFile(to, os.O_WRONLY, 0); err == nil {
			_, err = fmt.Fprint(file, draw.Uint64())
			file.Close()
		}
	case "rename":
		err = os.Rename(from, to)
	case "link":
		if !links {
			return "no link"
		}
		err = os.Link(from, to)
	case "remove":
		err = os.Remove(to)
	case "remove all":
		err = os.RemoveAll(to)
	case "make folder":
		err = os.Mkdir(to, 0o755)
	case "touch":
		err = os.Chtimes(to, time.Time{}, time.Unix(1_600_000_000+draw.Int64N(3), draw.Int64N(3)))
	}
	return fmt.Sprintf("%s %s %s: %v", what, one, two, err)
}

// texts reads a folder.
func texts(t *testing.T, folder string) map[string]string {
	t.Helper()
	texts, _ := read(t, folder)
	return texts
}

// read returns the texts in a folder, and the dates of the files.
func read(t *testing.T, folder string) (texts map[string]string, dates map[string]uint64) {
	t.Helper()
	texts, dates = map[string]string{}, map[string]uint64{}
	err := filepath.WalkDir(folder, func(path string, item fs.DirEntry, err error) error {
		if err != nil || !item.Type().IsRegular() {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		text, err := os.ReadFile(path)
		texts[filepath.ToSlash(name)] = string(text)
		if info, err := os.Stat(path); err == nil {
			dates[filepath.ToSlash(name)] = uint64(info.ModTime().Unix())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts, dates
}

// TestWhateverHappensToAFolder: in the end what is told is what is there, whether it was noticed at once, by walking, or
// found by another process.
func TestWhateverHappensToAFolder(t *testing.T) {
	const rounds, most = 5, 24
	for mode, rescan := range map[string]time.Duration{"by hints": time.Hour, "by walking": 5 * time.Millisecond} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			draw := rand.New(rand.NewPCG(7, uint64(rescan)))
			folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index.db")
			for round := range rounds {
				told := newNews()
				share := openFollowed(t, folder, options{Index: index, Rescan: rescan}, told)
				if rescan < time.Hour {
					share.Deafen()
				}
				for range 2 {
					var done []string
					for range draw.IntN(most) {
						done = append(done, mess(folder, rescan < time.Hour, draw))
					}
					if !t.Run(fmt.Sprint(round), func(t *testing.T) {
						texts, dates := read(t, folder)
						told.are(t, texts)
						told.dated(t, dates)
					}) {
						t.Fatalf("after %q", done)
					}
				}
				share.Close()
			}
		})
	}
}
