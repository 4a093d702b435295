// Package browser tries the pages of the programs in a real Chromium, as processes: the status pages of
// relay-server and peer-node, and the gateway of peer-client serve.
//
// It is a module of its own: the protocol of Chromium's developer tools, of which chromedp has each type, is
// ten times the code of the project, and nothing else needs it.
package browser
