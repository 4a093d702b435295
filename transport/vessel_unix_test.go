//go:build unix

package transport

// withoutVessels has circuits do with small vessels, as those beyond mostVessels do.
func withoutVessels(on bool) {
	if on {
		largeVessels.Add(mostVessels)
		return
	}
	largeVessels.Add(-mostVessels)
}
