// Package web is the door through which browsers, players and curl come to a program's pages, and
// the frame of each page.
//
// [Open] makes a [Door] of what the flags of [Options] say: an address of this machine alone, a
// UNIX socket, or another address with a token and TLS. [Door.Serve] checks each request before the
// handler of the program sees it: its method, the name under which the door is called, whether
// another site has sent it, the token. It takes off the base path, sets the headers, and bounds how
// much of everything one may have.
//
// Pages are written by [Pages.Write]: a template of the program in the frame that all pages share.
// Links are made by [Path], or by path in templates, so that they carry the base path. [Live] gives
// the parts of a page again when they change.
//
// A handler must not read bodies, and must not use inline styles or scripts: the policy of each
// page forbids them. Names of peers go through shown or name in templates: see [Shown].
package web
