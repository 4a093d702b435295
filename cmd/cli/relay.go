package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// RelayFlag gives a command the flag --relay; see [TakeRelay].
func RelayFlag(command *cobra.Command) {
	command.Flags().String("relay", "", "the relay's `HOST:PORT`, an invite to it, file:PATH of a file with one, or - for\nstandard input; then it does not stand among the arguments")
}

// TakeRelay returns the relay that a command is given, by its flag of [RelayFlag] or by its
// arguments, and the other arguments. Of arguments a host and a port come first, or one HOST:PORT
// where that cannot be anything else; with atEnd they may also come last. An invite, or where one is,
// stands in their place.
func TakeRelay(c *cobra.Command, args []string, atEnd bool) (relay Relay, rest []string, err error) {
	if text, _ := c.Flags().GetString("relay"); c.Flags().Changed("relay") {
		if relay, err = parseRelayText(c, text); err != nil {
			return Relay{}, nil, Usage("%s: %v", source(c.Flags().Lookup("relay")), err)
		}
		return relay, args, nil
	}
	if path, says := relayFromSurroundings(); path != "" {
		if relay, err = parseRelayText(c, inFile+path); err != nil {
			return Relay{}, nil, Usage("%s: %v", says, err)
		}
		return relay, args, nil
	}
	if len(args) > 0 && refersToRelay(args[0]) {
		relay, err = parseRelayText(c, args[0])
		return relay, args[1:], err
	}
	relay.Address, rest, err = takeAddress(c, args, atEnd)
	return relay, rest, err
}

// takeAddress returns the host and port of a relay among arguments.
func takeAddress(c *cobra.Command, args []string, atEnd bool) (relay string, rest []string, err error) {
	last := len(args) - 1
	if last < 0 {
		return "", nil, Usage("no relay is named: %s, or --relay HOST:PORT, or RELAYPEER_RELAY", c.Use)
	}
	if last > 0 {
		if relay, err = ParseRelay(args[0], args[1]); err == nil {
			return relay, args[2:], nil
		}
		if relay, err := ParseRelay(args[last-1], args[last]); err == nil && atEnd && last > 1 {
			return relay, args[:last-1], nil
		}
	}
	if relay, rest, ok := takeOne(args, atEnd); ok {
		return relay, rest, nil
	}
	return "", nil, noRelay(c, args, err)
}

// takeOne returns the relay that one argument is: the first, or, if that is none and atEnd says so,
// the last. It takes none if the argument beside it may be meant for a port, or if both are relays.
func takeOne(args []string, atEnd bool) (relay string, rest []string, ok bool) {
	last := len(args) - 1
	first, err := ParseHostPort(args[0])
	final, notFinal := ParseHostPort(args[last])
	if err != nil {
		return final, args[:last], notFinal == nil && atEnd
	}
	if last > 0 {
		_, noPort := ParsePort(args[1], false)
		if noPort == nil || atEnd && notFinal == nil {
			return "", nil, false
		}
	}
	return first, args[1:], true
}

// noRelay says why arguments name no relay, and how they would.
func noRelay(c *cobra.Command, args []string, why error) error {
	for _, arg := range args {
		if relay, err := ParseHostPort(arg); err == nil {
			return Usage("which relay is meant is not clear: if it is %s, say --relay %s, and nothing but names behind it", relay, relay)
		}
	}
	if why == nil { // a host alone, or nothing like it
		_, why = ParseHostPort(args[0])
	}
	return Usage("%v: %s, or --relay HOST:PORT", why, c.Use)
}

// LooksLikeRelay reports whether arguments begin with what may be meant for a host and a port.
func LooksLikeRelay(args []string) bool {
	if len(args) == 0 {
		return false
	}
	_, err := ParseHostPort(args[0])
	if err != nil && len(args) > 1 && !strings.Contains(args[0], "/") {
		_, err = ParseRelay(args[0], args[1])
	}
	return err == nil
}
