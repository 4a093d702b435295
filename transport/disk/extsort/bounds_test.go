package extsort_test

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/extsort"
)

// watched is a temporary file that notes how much is written and read in one go, and where.
type watched struct {
	extsort.Scratch
	writes, reads []int
	end           int64
}

func (w *watched) WriteAt(data []byte, at int64) (int, error) {
	w.writes = append(w.writes, len(data))
	w.end = max(w.end, at+int64(len(data)))
	return w.Scratch.WriteAt(data, at)
}

func (w *watched) ReadAt(data []byte, at int64) (int, error) {
	w.reads = append(w.reads, len(data))
	return w.Scratch.ReadAt(data, at)
}

// watch has the temporary file noted.
func watch(t *testing.T) *watched {
	w := &watched{}
	extsort.Create(t, func() (_ extsort.Scratch, err error) {
		w.Scratch, err = disk.Scratch()
		return w, err
	})
	return w
}

func add(t *testing.T, s *extsort.Sorter, records ...string) {
	t.Helper()
	for _, record := range records {
		if err := s.Add([]byte(record)); err != nil {
			t.Fatal(err)
		}
	}
}

// A record takes its bytes and eight more of the memory. The temporary file is made for the record
// that has no room in it, and never for one that is alone.
func TestTheMemoryIsUsedToItsEnd(t *testing.T) {
	for _, test := range []struct {
		memory int
		sizes  []int
		spills bool
	}{
		{100, []int{42, 42}, false},
		{100, []int{42, 43}, true},
		{100, []int{92, 0}, true},
		{100, []int{84, 0}, false},
		{100, []int{1000}, false},
		{100, []int{1000, 0}, true},
		{1, []int{0}, false},
		{1, []int{0, 0}, true},
	} {
		s := &extsort.Sorter{Memory: test.memory}
		for _, size := range test.sizes {
			add(t, s, strings.Repeat("x", size))
		}
		if s.Spilled() != test.spills {
			t.Errorf("%d bytes for %v: spilled %v", test.memory, test.sizes, s.Spilled())
		}
		s.Close()
	}
}

// The records of a Sorter that has had many of them take no more memory than it may have, and those
// of one with few take little. A Reset keeps the memory.
func TestTheMemoryIsBounded(t *testing.T) {
	const memory, rounding = 1 << 20, 16 << 10
	s := &extsort.Sorter{Memory: memory}
	defer s.Close()
	for n := range 90_000 {
		add(t, s, "0123456789"[:n%11])
		if held := s.Held(); held > memory+rounding || n < 1000 && held > memory/16 {
			t.Fatalf("after %d records %d bytes are held", n, held)
		}
	}
	if !s.Spilled() {
		t.Error("nothing is in the temporary file")
	}
	held := s.Held()
	if err := s.Reset(); err != nil || s.Held() != held || s.Spilled() || s.Len() != 0 || s.Bytes() != 0 {
		t.Errorf("after a reset %d bytes are held of %d, %v", s.Held(), held, err)
	}
	add(t, s, "b", "a")
	if got, err := read(s); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q, %v", got, err)
	}
}

// Records of all sizes, those about as large as what is written in one go among them, come back as
// they were. Each is written once, much of it in one go, and read so.
func TestLargeRecordsComeSorted(t *testing.T) {
	const block, most = 256 << 10, 64 << 10
	for _, sizes := range [][]int{
		{block - 5, 1, block - 6, 0, 127, 128},
		{block, block + 1, 2 * block, block - 4, 1},
		{100_000, 100_001, 100_002, 100_003, 100_004},
		slices.Repeat([]int{20_000, 10_000}, 60),
	} {
		file := watch(t)
		s := &extsort.Sorter{Memory: 700 << 10}
		var want []string
		sum := 0
		for n, size := range append(sizes, sizes...) {
			want = append(want, strings.Repeat(string(rune('z'-n%26)), size))
			add(t, s, want[n])
			sum += size
			for length := size; length >= 128; length >>= 7 {
				sum++
			}
			sum++
		}
		slices.Sort(want)
		if got, err := read(s); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v: %d records of %d, %v", sizes, len(got), len(want), err)
		}
		if s.Spilled() && file.end != int64(sum) {
			t.Errorf("%v: %d bytes for %d", sizes, file.end, sum)
		}
		for _, size := range file.writes {
			if size > max(block, slices.Max(sizes)+10) {
				t.Errorf("%v: %d bytes written in one go", sizes, size)
			}
		}
		if writes := len(file.writes); s.Spilled() && writes > 2+2*sum/block+2*len(sizes)*slices.Max(sizes)/block {
			t.Errorf("%v: %d writes for %d bytes", sizes, writes, sum)
		}
		s.Close()
	}
}

// All runs are read at once, each with its part of the memory, a few KiB at least.
func TestEachRunHasItsPartOfTheMemory(t *testing.T) {
	for _, test := range []struct{ memory, runs, size, most int }{
		{200_000, 2, 100_000, 64 << 10}, {96 << 10, 4, 24 << 10, 24 << 10}, {40_000, 20, 2000, 4 << 10}, {40_000, 8, 5000, 5000},
	} {
		file := watch(t)
		s := &extsort.Sorter{Memory: test.memory}
		record := strings.Repeat("x", 992)
		for range test.runs * (test.memory / 1000) {
			add(t, s, record)
		}
		if got, err := read(s); err != nil || len(got) != test.runs*(test.memory/1000) {
			t.Fatalf("%d records, %v", len(got), err)
		}
		if most := slices.Max(file.reads); most != test.most {
			t.Errorf("%d runs in %d bytes: %d read in one go, not %d", test.runs, test.memory, most, test.most)
		}
		s.Close()
	}
}

// A disk that is full in the middle of a run, and one that fails to close its file, are said.
func TestADiskThatIsFullInARun(t *testing.T) {
	record := bytes.Repeat([]byte("x"), 100_000)
	for room := int64(0); room < 600_000; room += 50_000 {
		inject(t, room, 1<<40)
		s := &extsort.Sorter{Memory: 600_048}
		var err error
		for n := 0; n < 7 && err == nil; n++ {
			err = s.Add(record)
		}
		if got, reading := read(s); !errors.Is(err, syscall.ENOSPC) || reading != err || len(got) > 0 {
			t.Errorf("room for %d: %v, then %d records, %v", room, err, len(got), reading)
		}
		s.Close()
	}
}

// unclosed is a temporary file that cannot be closed.
type unclosed struct{ extsort.Scratch }

func (u unclosed) Close() error { return errors.Join(u.Scratch.Close(), syscall.EIO) }

// What is closed takes and has no record. A file that fails to be closed is said once.
func TestAClosedSorter(t *testing.T) {
	extsort.Create(t, func() (extsort.Scratch, error) {
		file, err := disk.Scratch()
		return unclosed{file}, err
	})
	for _, end := range []func(s *extsort.Sorter) error{(*extsort.Sorter).Close, (*extsort.Sorter).Reset} {
		s := &extsort.Sorter{Memory: 1}
		add(t, s, "a", "b")
		if err := end(s); !errors.Is(err, syscall.EIO) {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if got, err := read(s); err == nil || len(got) > 0 {
			t.Errorf("%q, %v", got, err)
		}
		if s.Add([]byte("c")) == nil {
			t.Error("it takes a record")
		}
		if err := s.Reset(); err != nil {
			t.Error(err)
		}
		add(t, s, "d")
		if got, err := read(s); err != nil || !slices.Equal(got, []string{"d"}) {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// A file that ends within a run is not what was written, and one that fails to be read says its own reason.
func TestATruncatedFileHasNoReasonOfTheSystem(t *testing.T) {
	inject(t, 1<<40, 9000)
	_, failing := read(spilled(t))
	var file *disk.ScratchFile
	extsort.Create(t, func() (_ extsort.Scratch, err error) {
		file, err = disk.Scratch()
		return file, err
	})
	s := spilled(t)
	read(s)
	file.Truncate(9000)
	_, cut := read(s)
	if !errors.Is(failing, syscall.EIO) || errors.As(failing, new(*fs.PathError)) || !strings.Contains(cut.Error(), "not what was written") {
		t.Errorf("%v; %v", failing, cut)
	}
}

// Reading may end at any record, in memory as in the file, and begin anew.
func TestReadingMayEndAtAnyRecord(t *testing.T) {
	for _, memory := range []int{1 << 20, 1} {
		s := &extsort.Sorter{Memory: memory}
		add(t, s, "c", "a", "b")
		for most := 1; most <= 3; most++ {
			got := ""
			for record := range s.All() {
				if got += string(record); len(got) == most {
					break
				}
			}
			if got != "abc"[:most] {
				t.Errorf("%q", got)
			}
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a record is added to those that were read")
				}
			}()
			s.Add(nil)
		}()
		s.Close()
	}
}
