package gateway

import (
	"fmt"
	"testing"
)

func BenchmarkLookingThroughAMillionNames(b *testing.B) {
	names := make([]string, 1_000_000)
	for i := range names {
		names[i] = fmt.Sprintf("folder-%03d/file-%08d.bin", i%997, i)
	}
	for _, query := range []string{"file 99", "no such name", "*99.bin", "nosuchname"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				match := matching(query)
				for _, name := range names {
					match(name)
				}
			}
		})
	}
}
