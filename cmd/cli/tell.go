package cli

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/protocol"
)

// TellFailure says a failure on the command's standard error: in a line, or in JSON where that is
// asked for. Args are keys and values for JSON.
func TellFailure(c *cobra.Command, text string, args ...any) {
	text = withoutInvites(text)
	if SpeaksJSON(c) {
		hclog.New(&hclog.LoggerOptions{Name: c.Name(), JSONFormat: true, Output: c.ErrOrStderr()}).Error(text, args...)
		return
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s: %s\n", c.Name(), protocol.Printable(text, len(text)))
}

// withoutInvites returns a text without the secrets of invites, which a user may have put where something else belongs.
func withoutInvites(text string) string {
	return regexp.MustCompile(`(?i)`+protocol.InvitePrefix+`[a-z0-9]{16,}`).ReplaceAllString(text, protocol.InvitePrefix+"... (an invite, which is a secret)")
}

// SpeaksJSON reports whether all that goes to the command's standard error is to be JSON. A flag
// that cannot be read ends the reading of those behind it, so the arguments are looked at as well.
func SpeaksJSON(c *cobra.Command) bool {
	for _, name := range []string{"log-json", "json"} {
		f := c.Flags().Lookup(name)
		if f == nil {
			continue
		}
		set, _ := strconv.ParseBool(f.Value.String())
		of, _ := strconv.ParseBool(os.Getenv(variable(f)))
		if set || !f.Changed && (of || slices.Contains(os.Args[1:], "--"+name)) {
			return true
		}
	}
	return false
}
