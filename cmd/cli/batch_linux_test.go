package cli

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// Each thread has the policy, one that begins later, too; what the user has chosen is kept. The test runs itself, for
// a process cannot take that back.
func TestMoveMuchIsOfAllThreads(t *testing.T) {
	const child = "RELAYPEER_TEST_POLICY"
	chosen, err := strconv.ParseUint(os.Getenv(child), 10, 32)
	if err != nil {
		for _, policy := range []int{unix.SCHED_NORMAL, unix.SCHED_IDLE} {
			run := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
			run.Env = append(os.Environ(), child+"="+strconv.Itoa(policy))
			if output, err := run.CombinedOutput(); err != nil {
				t.Errorf("policy %d: %v\n%s", policy, err, output)
			}
		}
		return
	}
	want := uint32(unix.SCHED_BATCH)
	if chosen != unix.SCHED_NORMAL {
		want = uint32(chosen)
		for _, thread := range threads() {
			if err := unix.SchedSetAttr(thread, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: want}, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	MoveMuch()
	stop, before := make(chan struct{}), len(threads())
	defer close(stop)
	for range 4 {
		begun := make(chan struct{})
		go func() {
			runtime.LockOSThread() // which ends with the goroutine
			close(begun)
			<-stop
		}()
		<-begun
	}
	if now := len(threads()); now <= before {
		t.Errorf("%d threads, and %d before", now, before)
	}
	for _, thread := range threads() {
		if is, err := unix.SchedGetAttr(thread, 0); err != nil || is.Policy != want {
			t.Errorf("thread %d: %+v, %v", thread, is, err)
		}
	}
}
