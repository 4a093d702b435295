package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mostLinks bounds the links that lead on from each other, as the system does.
const mostLinks = 40

var (
	errLoop     = errors.New("too many levels of symbolic links")
	errNoFolder = errors.New("it leads to a folder that is not there")
	errNotOpen  = errors.New("no such descriptor is open")
)

// leadsTo returns the path that a path which the user typed leads to. The links at its end are
// followed, also one that leads to nothing yet: what is written to a link is written to its end.
// The path may lead to one of the process's own descriptors instead; otherwise that is -1.
func leadsTo(typed string) (path string, descriptor int, err error) {
	path = typed
	for range mostLinks {
		if number, is := descriptorAt(path); is {
			return "", number, nil
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, -1, nil
		}
		link, err := os.Readlink(path)
		if err != nil {
			return "", -1, err
		}
		if !filepath.IsAbs(link) { // not cleaned: behind a link, ".." is another folder
			folder, _ := filepath.Split(path)
			link = folder + link
		}
		if isMagic(path, link) {
			return path, -1, nil
		}
		path = link
	}
	return "", -1, &fs.PathError{Op: "open", Path: typed, Err: errLoop}
}

// isMagic reports whether a link leads to something that has no path, such as another process's
// pipe.
func isMagic(path, link string) bool {
	_, there := os.Stat(path)
	_, named := os.Lstat(link)
	return there == nil && named != nil
}

// descriptorAt returns the descriptor that a path is a name of.
func descriptorAt(path string) (number int, is bool) {
	path = filepath.ToSlash(filepath.Clean(path))
	for number, name := range []string{"/dev/stdin", "/dev/stdout", "/dev/stderr"} {
		if path == name {
			return number, true
		}
	}
	for _, folder := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if digits, under := strings.CutPrefix(path, folder); under {
			number, err := strconv.ParseUint(digits, 10, 31)
			return int(number), err == nil
		}
	}
	return 0, false
}
