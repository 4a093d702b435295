//go:build race

package levels

const raceDetector = true
