package roles

// Extent is how much of what a node shares has been told.
type Extent int

// The extents.
const (
	ExtentPart  Extent = iota // the share is being walked: more names are to come
	ExtentSeen                // all names that the last walk found; what comes before the next one is not noticed
	ExtentWhole               // all names that are there
)
