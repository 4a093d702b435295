package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version describes this build.
func version() string {
	info, _ := debug.ReadBuildInfo()
	return versionOf(info)
}

// versionOf describes a build: the module's version, the commit, and Go's version. What go did not
// note is unknown. Info may be nil.
func versionOf(info *debug.BuildInfo) string {
	module, commit, modified := "unknown", "unknown", ""
	if info != nil {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			module = v
		}
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision":
				commit = setting.Value
			case setting.Key == "vcs.modified" && setting.Value == "true":
				modified = ", modified"
			}
		}
	}
	return fmt.Sprintf("%s (commit %s%s, %s)", module, commit, modified, runtime.Version())
}
