package main

import (
	"slices"
	"time"
)

// sample is what one run of a way took.
type sample struct {
	took time.Duration
	cpu  time.Duration // of all processes of the way; zero: not known
	peak int64         // bytes resident at most, of the one who receives; zero: not known
}

// median returns the middle of the figures, the mean of the two in the middle of an even number.
func median(figures []float64) float64 {
	if len(figures) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(figures))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// medianOf returns the median of something of the samples.
func medianOf(samples []sample, what func(sample) float64) float64 {
	figures := make([]float64, len(samples))
	for i, s := range samples {
		figures[i] = what(s)
	}
	return median(figures)
}

// rate returns how many a second the median run had of so many in all.
func rate(samples []sample, all float64) float64 {
	return all / medianOf(samples, func(s sample) float64 { return s.took.Seconds() })
}

// cpuOf returns the CPU seconds of the median run.
func cpuOf(samples []sample) float64 {
	return medianOf(samples, func(s sample) float64 { return s.cpu.Seconds() })
}

// peakOf returns the largest peak of all runs.
func peakOf(samples []sample) (most int64) {
	for _, s := range samples {
		most = max(most, s.peak)
	}
	return most
}
