// Command spec writes the generated regions of SPEC.md from the code. Run it at the top of the repository:
//
//	go run ./cmd/spec
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := update("."); err != nil {
		fmt.Fprintln(os.Stderr, "spec:", err)
		os.Exit(1)
	}
}

// update rewrites SPEC.md in the folder at the top.
func update(top string) error {
	path := top + "/SPEC.md"
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	all, err := regions(top)
	if err != nil {
		return err
	}
	filled, err := fill(string(text), all)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(filled), 0o644)
}
