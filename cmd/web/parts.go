package web

// Search is a form that finds something in a list. {{template "search" .Search}} shows it.
type Search struct {
	Action string // the page that shows what is found: see Path
	Name   string // of the parameter, as in q
	Label  string // what is searched
	Value  string // what was asked for
	Hint   string // an example, while nothing is; may be empty
}

// Pager leads through a list that is shown in parts. {{template "pager" .Pager}} shows it.
type Pager struct {
	Text  string // what part this is
	First string // a link to the beginning; "": this is it
	Next  string // a link to the next part; "": there is none
}
