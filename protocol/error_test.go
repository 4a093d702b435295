package protocol

import (
	"errors"
	"fmt"
	"testing"
)

// codeOf returns the code of a refusal, or 0.
func codeOf(err error) Code {
	if e := AsError(err); e != nil {
		return e.Code
	}
	return 0
}

// A nil *Error in an error is not nil: a caller that assigns a result to an error would see a
// failure where there is none.
func TestNoErrorIsNil(t *testing.T) {
	for what, err := range map[string]error{
		"CheckName":    CheckName("ok"),
		"CheckPattern": CheckPattern("*.txt"),
	} {
		if err != nil {
			t.Errorf("%s returns %#v for what is allowed", what, err)
		}
	}
	var err error
	for _, frame := range [][]byte{nil, Append(nil, &Left{})} {
		if _, _, err = Decode(frame); err != nil {
			t.Errorf("Decode returns %#v for a good frame", err)
		}
		if _, _, err = DecodeWithin(frame, MaxFirst); err != nil {
			t.Errorf("DecodeWithin returns %#v for a good frame", err)
		}
	}
}

func TestARefusalIsFoundInAnError(t *testing.T) {
	err := CheckName("..")
	if e := AsError(fmt.Errorf("upload: %w", err)); e == nil || e.Code != BadName {
		t.Errorf("%v gives %v", err, e)
	}
	if !errors.Is(err, BadName) || errors.Is(err, Malformed) {
		t.Errorf("errors.Is does not find the code of %v", err)
	}
	if e := AsError(fmt.Errorf("another error")); e != nil {
		t.Errorf("another error gives %v", e)
	}
	if !errors.Is(err, BadName) || errors.Is(err, Busy) {
		t.Errorf("%v is not its code, or another", err)
	}
	if e := AsError(nil); e != nil {
		t.Errorf("no error gives %v", e)
	}
}

func TestARefusalInWords(t *testing.T) {
	for want, e := range map[string]*Error{
		"bad-name: bad name: an empty name": AsError(CheckName("")),
		"relay: busy":                       {Code: Busy, By: Relay},
		"node: changed: it grew":            {Code: Changed, By: Node, Text: "it grew"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
