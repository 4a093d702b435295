package cli

import (
	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// ownFiles is how many descriptors a server needs beside its links: its streams, its listener, what
// watches them, its index and the folders that it looks through.
const ownFiles = 32

// BoundLinks returns how many links a server may have at once of those that were asked for: each
// takes so many descriptors, of which the system allows a number. Above it nobody could be told that
// there is no room, for no link could be accepted. Tell has the log say so. Plain says that the server
// speaks without TLS, whose handshakes take descriptors, too; beside is how many of them the rest of the program may take.
func BoundLinks(asked, each, beside int, plain bool) (links int, tell func(hclog.Logger)) {
	files, known := transport.OpenFiles()
	most := asked
	if known {
		most = min(asked, mostLinks(files-min(files, uint64(beside)), each, plain))
	}
	if most == asked {
		return asked, func(hclog.Logger) {}
	}
	return most, func(log hclog.Logger) { tellLinks(log, asked, most, files) }
}

// LinksFrom returns how many links one address may have as the command line says, or 0, for a share of all, if it does
// not.
func LinksFrom(c *cobra.Command, asked int) int {
	if c.Flags().Changed("max-links-from") {
		return asked
	}
	return 0
}

func tellLinks(log hclog.Logger, asked, most int, files uint64) {
	level := hclog.Warn
	if asked == roles.MaxLinks { // nobody has asked for so many
		level = hclog.Info
	}
	log.Log(level, "fewer links at once: the system allows too few open files", "max_links", most, "wanted", asked, "open_files", files)
}

// mostLinks returns how many links have room in so many descriptors, at least one, beside the
// server's own, the links that it refuses, and those whose handshake is not done.
func mostLinks(files uint64, each int, plain bool) int {
	files = min(files, 1<<30)
	low, high := 1, int(files)+1 // low fits, or is the least that there can be
	for low+1 < high {
		middle := (low + high) / 2
		beside := transport.Farewells(middle) + ownFiles
		if !plain {
			beside += transport.Unproven(middle)
		}
		if middle*each+beside <= int(files) {
			low = middle
		} else {
			high = middle
		}
	}
	return min(low, max(1, int(files-transport.SparedFiles(files))-ownFiles)) // the server takes none with a higher number
}
