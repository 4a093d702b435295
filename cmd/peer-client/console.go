package main

import (
	"fmt"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// say tells people a line that is no failure.
func (c *command) say(text string) {
	switch {
	case c.events != nil:
		c.events.tell(noteEvent{"note", text})
	case cli.SpeaksJSON(c.program):
		c.client.Log.Info(text)
	default:
		fmt.Fprintln(c.stderr, text)
	}
}

// note tells people a line, unless the user asks for no more than warnings.
func (c *command) note(format string, args ...any) {
	if c.client.Log.IsInfo() {
		c.say(fmt.Sprintf(format, args...))
	}
}

// fail tells people of a failure. Of files that failed there are events.
func (c *command) fail(text string) {
	if c.events == nil {
		cli.TellFailure(c.program, text)
	}
}
