package cli

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestABuildSaysItsVersion(t *testing.T) {
	build := func(module string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: module}, Settings: settings}
	}
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "4b55daf"}
	for _, x := range []struct {
		info *debug.BuildInfo
		text string
	}{
		{nil, "unknown (commit unknown, "},
		{build(""), "unknown (commit unknown, "},
		{build("(devel)", commit), "unknown (commit 4b55daf, "},
		{build("v1.2.3"), "v1.2.3 (commit unknown, "},
		{build("v1.2.3", commit, debug.BuildSetting{Key: "vcs.modified", Value: "false"}), "v1.2.3 (commit 4b55daf, "},
		{build("v1.2.3", commit, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), "v1.2.3 (commit 4b55daf, modified, "},
	} {
		if got, want := versionOf(x.info), x.text+runtime.Version()+")"; got != want {
			t.Errorf("%s instead of %s", got, want)
		}
	}
}

func TestVersionIsAskedForWithoutArguments(t *testing.T) {
	command, ran := echo(nil)
	code, out, errs := execute(t, command, "--version")
	if code != 0 || !strings.HasPrefix(out, "echo ") || !strings.Contains(out, runtime.Version()) || errs != "" || *ran {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
}
