//go:build unix

package share_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// mapped maps a file into memory, and dirties it: what is written there from then on moves no time
// stamp, until the system has written it to the disk.
func mapped(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	memory, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(memory) })
	for at := 0; at < len(memory); at += 4096 {
		memory[at]++
		memory[at]--
	}
	return memory
}

// A file whose bytes are others although its times say nothing is hashed anew when a client calls it
// wrong, and is offered as what it is.
func TestAFileThatIsCalledWrongIsLookedAt(t *testing.T) {
	t.Parallel()
	folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index.db")
	path := filepath.Join(folder, "file")
	before := disktest.NewText(3*protocol.GroupSize, 1)
	disktest.Lay(t, path, string(before.Data))
	memory := mapped(t, path)
	logger, lines := disktest.Log()
	told := newNews()
	share := openFollowed(t, folder, options{Index: index, Log: logger, Rescan: time.Hour}, told)
	told.are(t, map[string]string{"file": string(before.Data)})
	hashed := modified(t, path)
	after := append([]byte(nil), before.Data...)
	after[2*protocol.GroupSize+4097]++
	memory[2*protocol.GroupSize+4097]++
	share.Check(roles.CheckFile{Hash: before.Hash, Count: 2}) // that is as it was
	share.Check(roles.CheckFile{Hash: before.Hash, First: 2, Count: 1})
	told.are(t, map[string]string{"file": string(after)})
	if got := serves(t, share, "file"); got == before.Hash {
		t.Error("it is served under its old hash")
	}
	if _, refusal := open(t, share, "", before.Hash); refusal == nil || refusal.Code != protocol.NotFound {
		t.Errorf("asked for what it was by content: %v", refusal)
	}
	share.Close()
	// The system may have moved the file's time after all, when it wrote a page back: then it was
	// hashed anew for that.
	if modified(t, path).Equal(hashed) && !strings.Contains(lines.String(), "is not what it was hashed as") {
		t.Errorf("it was not said: %s", lines)
	}
}

func modified(t *testing.T, path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// A client that calls everything wrong causes a bounded amount of work.
func TestCallingSoundFilesWrongCostsLittle(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	x := disktest.NewText(3*protocol.GroupSize, 1)
	disktest.Lay(t, filepath.Join(folder, "file"), string(x.Data))
	share := openShare(t, folder, options{})
	awaitIndexed(t, share)
	for range 100 {
		for first := range uint64(10 * roles.MaxChecks) {
			share.Check(roles.CheckFile{Hash: x.Hash, First: first, Count: 1 << 63, Tree: first%2 == 0})
			share.Check(roles.CheckFile{Hash: protocol.Hash{1}, Count: 1})
		}
	}
	if waiting, known := share.Doubts(); waiting > roles.MaxChecks || known > 4*roles.MaxChecks {
		t.Errorf("%d stretches wait, %d are known", waiting, known)
	}
	if got := serves(t, share, "file"); got != x.Hash || share.Hashed() != 3 {
		t.Errorf("served as %v, after %d groups were hashed", got, share.Hashed())
	}
}

// A tree of the index that does not go with its hash is made anew when a client calls it wrong, wherever in it the fault is.
func TestATreeThatIsCalledWrongIsLookedAt(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	x := disktest.NewText(5*protocol.GroupSize, 1)
	disktest.Lay(t, filepath.Join(folder, "file"), string(x.Data))
	logger, lines := disktest.Log()
	share := openShare(t, folder, options{Log: logger, Rescan: time.Hour})
	awaitIndexed(t, share)
	complain := roles.CheckFile{Hash: x.Hash, Count: 5, Tree: true}
	if share.CheckNow(complain); share.Hashed() != 5 {
		t.Fatalf("though the tree is sound, %d groups have been hashed", share.Hashed())
	}
	share.SpoilTree("file", 4)
	share.CheckNow(roles.CheckFile{Hash: x.Hash, Count: 5, First: 5, Tree: true}) // there is nothing beyond the end
	share.Check(complain)
	for over := time.Now().Add(patience); share.Hashed() < 10 && time.Now().Before(over); {
		pause(t.Context(), time.Millisecond)
	}
	if got := serves(t, share, "file"); got != x.Hash || share.Hashed() != 10 {
		t.Errorf("served as %v, after %d groups were hashed", got, share.Hashed())
	}
	file, refusal := open(t, share, "file", x.Hash)
	if refusal != nil {
		t.Fatal(refusal)
	}
	delivers(t, file)
	share.Close()
	if !strings.Contains(lines.String(), "is not what it was hashed as") {
		t.Errorf("it was not said: %s", lines)
	}
}
