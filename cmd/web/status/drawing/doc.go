// Package drawing lays out the drawings of the status pages: the states of a machine as boxes and
// arrows, and the last hour of what is counted as charts. It works on plain values and returns plain
// values, coordinates and texts, which templates write as SVG. Each layout is a function of its
// input alone: the same table always gives the same picture, so that it can be kept, and a page
// that updates itself does not jump.
package drawing
