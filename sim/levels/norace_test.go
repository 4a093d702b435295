//go:build !race

package levels

const raceDetector = false
