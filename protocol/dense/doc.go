// Package dense has containers for millions of things that cost the garbage collector nothing: none
// holds a pointer. A relay keeps its index in them, and a node its catalog and the names that it
// shares.
package dense
