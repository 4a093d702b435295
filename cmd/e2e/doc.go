// Package e2e has no code: its tests run the programs together, as users do.
package e2e
