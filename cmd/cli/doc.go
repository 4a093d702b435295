// Package cli is what the programs of cmd share: how a command is made and run, its flags and their
// environment, its log, its exit code, and how sizes and texts of peers are shown to people. A
// program describes itself with [New] and runs with [Main]:
//
//	func main() { os.Exit(cli.Main(command())) }
//
// It knows nothing of how a relay, a node or a client works.
package cli
