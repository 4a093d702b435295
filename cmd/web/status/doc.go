// Package status shows people and programs what a relay or a node is doing: pages that keep
// themselves up to date, and the same values as JSON below /api/v1/, which README.md describes.
//
// [Relay] and [Node] return handlers for a [web.Door]. A handler asks only for values of package
// peer, at each request and every few seconds for each page that is kept up to date; each of these
// calls is bounded, whatever the relay holds, so that a page disturbs nobody. All that a peer has
// chosen, its name, its files' names, its texts, is untrusted: it goes through the escaping of
// html/template and the frame's name and shown alone.
package status
