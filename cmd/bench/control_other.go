//go:build !linux

package main

import "errors"

func congestion() string { return "unknown" }

func congest(string) error { return errors.ErrUnsupported }
