//go:build !linux

package disk

import "os"

// beNice does nothing here.
func beNice() {}

// advise does nothing here.
func advise(*os.File, int64, int64) {}
