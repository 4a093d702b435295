package drawing

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var end = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func plain(value float64) string { return fmt.Sprint(value) }

func TestAChartSumsUpWhatItDraws(t *testing.T) {
	values := make([]float64, 360)
	values[10], values[359] = 40, 2
	c := Plot([]Curve{{"a", values}, {"b", []float64{0, 5}}}, end, 10*time.Second, plain)
	if c.Sum != 47 || c.Most != 40 || c.Last != 7 || !c.MostAt.Equal(end.Add(-349*10*time.Second)) {
		t.Errorf("sum %v, most %v at %v, last %v", c.Sum, c.Most, c.MostAt, c.Last)
	}
	if len(c.Rows) != tableRows || c.Rows[0].Sums[0] != 40 || c.Rows[11].Sums[0] != 2 || c.Rows[11].Sums[1] != 5 || !c.Rows[11].To.Equal(end) || c.Rows[0].To.Sub(c.Rows[0].From) != 5*time.Minute {
		t.Errorf("rows %+v", c.Rows)
	}
	if len(c.Areas) != 2 || c.Areas[1].Class != 2 || c.Along[0].Text != "−60 min" || c.Along[ticksAlong].Text != "now" {
		t.Errorf("%+v", c)
	}
}

func TestAQuietHourIsShort(t *testing.T) {
	c := Plot([]Curve{{"a", make([]float64, 360)}}, end, 10*time.Second, plain)
	if len(c.Areas[0].Path) > 80 || len(c.Up) != 1 || c.Up[0].At != c.Bottom {
		t.Errorf("%+v", c)
	}
}

func TestTheMarksOfAnAxisAreRoundAndFew(t *testing.T) {
	for _, most := range []float64{1, 2, 3, 4, 7, 9.5, 10, 11, 99, 100, 12345, 1 << 40, 1 << 63} {
		top, marks := scale(most)
		if len(marks) < 2 || len(marks) > ticksUp+1 || marks[0] != 0 || top < most {
			t.Errorf("%v: up to %v, %v", most, top, marks)
		}
		if first := fmt.Sprintf("%.0f", marks[1]); !strings.ContainsAny(first[:1], "125") || strings.Trim(first[1:], "0") != "" && most < 1<<50 {
			t.Errorf("%v: %v is no round mark", most, first)
		}
	}
}

func TestAChartOfNothingIsDrawn(t *testing.T) {
	if c := Plot(nil, end, 10*time.Second, plain); c.Sum != 0 || len(c.Rows) != 0 {
		t.Errorf("%+v", c)
	}
}
