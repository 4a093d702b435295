package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Bytes shows a number of bytes to people, roughly.
func Bytes(n uint64) string {
	if n < 1<<10 {
		return Count(int(n), "byte", "bytes")
	}
	value, unit := float64(n)/(1<<10), 0
	for ; value >= 1023.5 && unit < len(units)-1; unit++ {
		value /= 1 << 10
	}
	digits := 0
	if value < 9.95 {
		digits = 1
	}
	return strings.TrimSuffix(strconv.FormatFloat(value, 'f', digits, 64), ".0") + " " + units[unit]
}

var units = []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}

// Pace shows what passed in some time: bytes, the time, and, of more than a little, bytes a second.
func Pace(n uint64, took time.Duration) string {
	text := fmt.Sprintf("%s in %v", Bytes(n), Roughly(took))
	if seconds := took.Seconds(); n >= 1<<20 && seconds > 0 {
		text += fmt.Sprintf(" (%s/s)", Bytes(uint64(float64(n)/seconds)))
	}
	return text
}

// Roughly rounds a time to the precision that people care about.
func Roughly(d time.Duration) time.Duration {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(time.Millisecond)
	}
	return d.Round(time.Microsecond)
}

// Percent returns how much of size is done, from 0 to 100.
func Percent(done, size uint64) int {
	if size == 0 || done >= size {
		return 100
	}
	return int(float64(done) / float64(size) * 100)
}

// ParseBytes reads a number of bytes: digits, and perhaps K, M, G or T behind them, or KiB and so on, for
// powers of 1024. It may have a fraction there. It is not 0.
func ParseBytes(text string) (uint64, error) {
	digits := strings.TrimRight(text, "kKMGTiB")
	unit, inBytes := strings.CutSuffix(strings.ToUpper(text[len(digits):]), "B")
	if inBytes && len(unit) == 2 {
		unit = strings.TrimSuffix(unit, "I")
	}
	at := strings.Index("KMGT", unit)
	value, err := strconv.ParseFloat(digits, 64)
	if err != nil || at < 0 || len(unit) > 1 || strings.ContainsAny(digits, "+-eExXpPnN_") {
		return 0, fmt.Errorf("%q is no number of bytes, such as 500K, 1.5M or 10M", ForDisplay(text))
	}
	bytes := value
	if unit != "" {
		bytes = value * float64(uint64(1)<<(10*(at+1)))
	}
	if bytes < 1 || bytes > 1<<60 {
		return 0, fmt.Errorf("%q is not between one byte and %s", ForDisplay(text), Bytes(1<<60))
	}
	return uint64(bytes), nil
}

// Grouped writes a number with commas between thousands.
func Grouped[N int | uint64](n N) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
