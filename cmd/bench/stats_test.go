package main

import (
	"testing"
	"time"
)

func TestMedianIsTheMiddle(t *testing.T) {
	for _, c := range []struct {
		figures []float64
		want    float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 100, 1, 2}, 3}} {
		given := append([]float64(nil), c.figures...)
		if got := median(c.figures); got != c.want {
			t.Errorf("the median of %v is %v, not %v", c.figures, c.want, got)
		}
		for i := range given {
			if given[i] != c.figures[i] {
				t.Errorf("%v became %v", given, c.figures)
			}
		}
	}
}

func TestOneSlowRunDoesNotChangeTheRate(t *testing.T) {
	samples := []sample{
		{took: 2 * time.Second, cpu: time.Second, peak: 5},
		{took: 200 * time.Second, cpu: 3 * time.Second, peak: 9},
		{took: time.Second, cpu: 2 * time.Second, peak: 7},
	}
	if got := rate(samples, 100); got != 50 {
		t.Errorf("100 in 2 s are 50 a second, not %v", got)
	}
	if got := cpuOf(samples); got != 2 {
		t.Errorf("the median of the CPU times is 2 s, not %v", got)
	}
	if got := peakOf(samples); got != 9 {
		t.Errorf("the peak is 9, not %v", got)
	}
}
