package main

import (
	"bufio"
	"bytes"
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
func peakMemory(pid int) int64 {
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(field("/proc/"+strconv.Itoa(pid)+"/status", "VmHWM")), " ")
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

// touch fills as much memory and gives it back.
func touch(bytes int64) {
	if bytes <= 0 || bytes > free()/2 {
		return
	}
	memory, err := unix.Mmap(-1, 0, int(bytes), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return // the figures will swing more
	}
	for at := 0; at < len(memory); at += 4096 {
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

const congestionFile = "/proc/sys/net/ipv4/tcp_congestion_control"

func congestion() string {
	name, err := os.ReadFile(congestionFile)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(name))
}

// ownCPU returns the CPU time of this process.
func ownCPU() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
