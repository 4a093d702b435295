// Package gateway serves what nodes share to browsers, players and curl: a handler over a
// [peer.Client], for a door of package web.
//
//	/ and /files/FOLDER/   a folder as a page: ?sort=, ?page=, ?hidden=1
//	/files/NAME            the content that most nodes have under the name: ?download, ?view for a page that plays it
//	/hash/HEX              the content with that hash, for ever the same: ?name= says what it is called
//	/who/NAME              which nodes have it, and its other contents
//	/search?q=             names with these words, or that match a pattern
//	/zip/FOLDER/           a folder in one file
//
// No byte leaves that is not verified: of a range the chunk groups that it touches are fetched, and no more.
// What fails before the first byte is a status with the reason; what fails later ends the connection, so that
// nobody takes a part for the whole.
//
// The ETag of a content is its hash. Where it is known from the list, a conditional request and HEAD ask no
// node.
package gateway
