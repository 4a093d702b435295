package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit in which /proc tells CPU time.
const tick = 10 * time.Millisecond

// endsWithUs has the kernel end the child when we are killed.
func endsWithUs(c *exec.Cmd) {
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.SysProcAttr.Pdeathsig = syscall.SIGKILL
}

// usedCPU returns the CPU time of a process and of its children that run. Zero: not known.
func usedCPU(pid int) time.Duration {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	sum := time.Duration(0)
	for _, path := range all {
		stat, err := os.ReadFile(path)
		at := bytes.LastIndexByte(stat, ')') // the name before it may hold anything
		if err != nil || at < 0 {
			continue
		}
		fields := strings.Fields(string(stat[at+1:])) // from the third on: state, parent, ...
		if len(fields) < 13 {
			continue
		}
		if fields[1] == strconv.Itoa(pid) || strings.HasPrefix(string(stat), strconv.Itoa(pid)+" ") {
			user, _ := strconv.ParseInt(fields[11], 10, 64)
			system, _ := strconv.ParseInt(fields[12], 10, 64)
			sum += time.Duration(user+system) * tick
		}
	}
	return sum
}

// peakMemory returns the most bytes that a running process has had resident. Zero: not known.
func peakMemory(pid int) int64 { return memoryOf(pid, "VmHWM") }

// residentMemory returns the bytes that a running process has resident. Zero: not known.
func residentMemory(pid int) int64 { return memoryOf(pid, "VmRSS") }

// openFiles returns how many descriptors a process has open. Zero: not known.
func openFiles(pid int) int {
	all, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	return len(all)
}

// wantFiles lets this process, and those that it starts, have as many descriptors open if the system allows that, until
// the returned function is called.
func wantFiles(number uint64) (end func()) {
	var was syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was) != nil {
		return func() {}
	}
	end = func() { syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was) }
	more := syscall.Rlimit{Cur: max(number, was.Cur), Max: max(number, was.Max)}
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &more) != nil {
		end() // it is set so that those that are started have as many as this process
	}
	return end
}

func memoryOf(pid int, key string) int64 {
	kilobytes, _, _ := strings.Cut(field("/proc/"+strconv.Itoa(pid)+"/status", key), " ")
	n, _ := strconv.ParseInt(kilobytes, 10, 64)
	return n << 10
}

// field returns what follows a name and a colon in a file of such lines.
func field(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for scan := bufio.NewScanner(file); scan.Scan(); {
		key, value, _ := strings.Cut(scan.Text(), ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// touch fills as much memory and gives it back, unless ctx is done before: the first time it may take seconds.
func touch(ctx context.Context, bytes int64) {
	if bytes <= 0 || bytes > free()/2 {
		return
	}
	memory, err := unix.Mmap(-1, 0, int(bytes), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return // the figures will swing more
	}
	for at := 0; at < len(memory) && ctx.Err() == nil; at += 4096 {
		memory[at] = 1
	}
	unix.Munmap(memory)
}

// free returns the bytes of memory that could be had.
func free() int64 {
	kilobytes, _, _ := strings.Cut(field("/proc/meminfo", "MemAvailable"), " ")
	n, _ := strconv.ParseInt(kilobytes, 10, 64)
	return n << 10
}

// room returns the bytes that a folder in memory could take, or zero where there is none.
func room(memory string) int64 {
	var stat unix.Statfs_t
	if unix.Statfs(memory, &stat) != nil || stat.Type != unix.TMPFS_MAGIC {
		return 0
	}
	return min(int64(stat.Bavail)*int64(stat.Bsize), free())
}

// fileSystems names those that statfs tells apart and that are likely.
var fileSystems = map[uint32]string{
	unix.TMPFS_MAGIC: tmpfs, unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
	unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.F2FS_SUPER_MAGIC: "f2fs", unix.NFS_SUPER_MAGIC: "NFS", 0x2fc12fc1: "zfs",
}

// fileSystem returns the name of the file system that a folder lies on.
func fileSystem(dir string) string {
	var stat unix.Statfs_t
	if unix.Statfs(dir, &stat) != nil {
		return "disk"
	}
	if name, known := fileSystems[uint32(stat.Type)]; known {
		return name
	}
	return "disk"
}

// fileSystemType returns what statfs calls the file system.
func fileSystemType(dir string) string {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("f_type %#x", uint32(stat.Type))
}

// freeOn returns the bytes that the file system of a folder has room for.
func freeOn(dir string) int64 {
	var stat unix.Statfs_t
	if unix.Statfs(dir, &stat) != nil {
		return 0
	}
	return int64(stat.Bavail) * stat.Bsize
}

// syncFileSystem waits until all that was written to the file system of a folder is on its disk.
func syncFileSystem(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(folder.Fd())), folder.Close())
}

// memorySize returns how much memory the machine has.
func memorySize() string {
	kilobytes, _, _ := strings.Cut(field("/proc/meminfo", "MemTotal"), " ")
	n, _ := strconv.ParseInt(kilobytes, 10, 64)
	return fmt.Sprintf("%d GiB", n>>20)
}

func processor() string {
	if model := field("/proc/cpuinfo", "model name"); model != "" {
		return model
	}
	return "unknown processor"
}

func kernel() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return "Linux"
	}
	// Without what the builder of the machine has added.
	release, _, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), "-")
	return "Linux " + release
}

// ownCPU returns the CPU time of this process.
func ownCPU() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
