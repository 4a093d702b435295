package protocol

import (
	"errors"
)

// Error describes the refusal in one line: the party, if it is set, the code, and the human text.
func (e *Error) Error() string {
	line := e.Code.String()
	if e.By > 0 {
		line = e.By.String() + ": " + line
	}
	if e.Text != "" {
		line += ": " + e.Text
	}
	return line
}

// Unwrap returns the code, so that errors.Is finds it.
func (e *Error) Unwrap() error { return e.Code }

// AsError returns the [*Error] in an error's chain, or nil if there is none.
func AsError(err error) *Error {
	var refusal *Error
	errors.As(err, &refusal)
	return refusal
}

// untyped returns err as an error that is nil if err is. A nil *Error in an error is not.
func untyped(err *Error) error {
	if err == nil {
		return nil
	}
	return err
}
