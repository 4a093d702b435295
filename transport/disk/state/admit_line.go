package state

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/relaypeer/relaypeer/protocol"
)

// Listed is a peer that the owner of a closed relay has admitted: a line ID NAME ROLE of the owner's file.
type Listed struct {
	ID   protocol.PeerID
	Name string
	Role protocol.Role
}

// Token admits as many peers as it has uses: a line TOKEN KEY ROLE USES EXPIRES NAME of the tokens.
type Token struct {
	ID      protocol.TokenID
	Key     protocol.PeerID // the public half of the key of its invite
	Role    protocol.Role
	Uses    int
	Expires time.Time
	Name    string // of those that it admits; "-": none
}

// Member is a peer that a token has admitted: a line ID TOKEN ROLE DATE FROM NAME of the members.
type Member struct {
	ID    protocol.PeerID
	Token protocol.TokenID
	Role  protocol.Role
	Date  time.Time
	From  netip.Addr
	Name  string // the token's
}

// Revocation ends what an id may do, or what a token admits: a line ID DATE or TOKEN DATE of the revoked.
type Revocation struct {
	ID    protocol.PeerID  // zero: a token is revoked
	Token protocol.TokenID // without an ID
	Date  time.Time
}

const (
	// MaxUses bounds how many peers one token admits.
	MaxUses = 1_000_000
	// NoName stands for no name in the files.
	NoName = "-"

	mostMemberName = 64 // bytes
)

// CheckName returns why a text can be no member's name, or nil.
func CheckName(name string) error {
	if name == "" || len(name) > mostMemberName || !utf8.ValidString(name) || protocol.Printable(name, len(name)) != name ||
		strings.ContainsFunc(name, unicode.IsSpace) {
		return fmt.Errorf("a name is one word of up to %d bytes", mostMemberName)
	}
	return nil
}

func (t Token) line() []byte {
	return fmt.Appendf(nil, "%s %s %s %d %s %s\n", t.ID, t.Key, t.Role, t.Uses, t.Expires.UTC().Format(dateForm), t.Name)
}

func (m Member) line() []byte {
	return fmt.Appendf(nil, "%s %s %s %s %s %s\n", m.ID, m.Token, m.Role, m.Date.UTC().Format(dateForm), m.From, m.Name)
}

// String returns the id or the token that is revoked.
func (r Revocation) String() string {
	if r.ID.IsZero() {
		return r.Token.String()
	}
	return r.ID.String()
}

func (r Revocation) line() []byte {
	return fmt.Appendf(nil, "%s %s\n", r, r.Date.UTC().Format(dateForm))
}

// row reads the fields of a line, one after the other. The first error stays.
type row struct {
	rest  []string
	ended bool // the line has its end
	err   error
}

// rowOf returns the fields of a line that has the form, one for each word of it; nil if it has none.
func rowOf(line string, ended bool, form string) (*row, error) {
	fields, err := fieldsOf(line)
	if len(fields) == 0 || err != nil {
		return nil, err
	}
	if len(fields) != 1+strings.Count(form, " ") {
		return nil, fmt.Errorf("it is not %s, with one space or tab in between", form)
	}
	return &row{rest: fields, ended: ended}, nil
}

func (r *row) next() string {
	field := r.rest[0]
	r.rest = r.rest[1:]
	return field
}

func (r *row) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *row) id() protocol.PeerID {
	id, err := protocol.ParsePeerID(r.next())
	r.fail(err)
	return id
}

func (r *row) token() protocol.TokenID {
	text := r.next()
	token, is := protocol.ParseTokenID(text)
	if !is {
		r.fail(fmt.Errorf("%q is no token: 8 letters from a to z and digits from 2 to 7", text))
	}
	return token
}

func (r *row) role() protocol.Role {
	text := r.next()
	role, is := protocol.ParseRole(text)
	if !is {
		r.fail(fmt.Errorf("%q is no role: node, client or both", text))
	}
	return role
}

func (r *row) date() time.Time {
	text := r.next()
	date, err := time.Parse(dateForm, text)
	if err != nil {
		r.fail(fmt.Errorf("%q is no date like %s", text, dateForm))
	}
	return date
}

func (r *row) name() string {
	name := r.next()
	r.fail(CheckName(name))
	if len(r.rest) == 0 && !r.ended {
		r.fail(errors.New("its end is missing: a name may have lost some of its letters"))
	}
	return name
}

func (r *row) uses() int {
	text := r.next()
	uses, err := strconv.Atoi(text)
	if err != nil || uses < 1 || uses > MaxUses || text != strconv.Itoa(uses) {
		r.fail(fmt.Errorf("%q is no number from 1 to %d", text, MaxUses))
	}
	return uses
}

func (r *row) address() netip.Addr {
	text := r.next()
	addr, err := netip.ParseAddr(text)
	if err != nil {
		r.fail(fmt.Errorf("%q is no address", text))
	}
	return addr
}

// The files of a closed relay as they are read, each line one entry.

func parseListed(path string, text []byte) (all []Listed, c content, err error) {
	had := map[protocol.PeerID]bool{}
	return parseRows(path, text, "ID NAME ROLE", func(r *row) Listed {
		l := Listed{r.id(), r.name(), r.role()}
		if had[l.ID] && !l.ID.IsZero() {
			r.fail(errors.New("this id stands in an earlier line as well"))
		}
		had[l.ID] = true
		return l
	})
}

func parseTokens(path string, text []byte) (all []Token, c content, err error) {
	had := map[protocol.TokenID]bool{}
	return parseRows(path, text, "TOKEN KEY ROLE USES EXPIRES NAME", func(r *row) Token {
		t := Token{r.token(), r.id(), r.role(), r.uses(), r.date(), r.name()}
		if had[t.ID] && r.err == nil {
			r.fail(errors.New("this token stands in an earlier line as well"))
		}
		had[t.ID] = r.err == nil
		return t
	})
}

func parseMembers(path string, text []byte) (all []Member, c content, err error) {
	return parseRows(path, text, "ID TOKEN ROLE DATE FROM NAME", func(r *row) Member {
		return Member{r.id(), r.token(), r.role(), r.date(), r.address(), r.name()}
	})
}

func parseRevoked(path string, text []byte) (all []Revocation, c content, err error) {
	return parseRows(path, text, "ID-OR-TOKEN DATE", func(r *row) (v Revocation) {
		if len(r.rest[0]) == len(v.Token.String()) {
			v.Token = r.token()
		} else {
			v.ID = r.id()
		}
		v.Date = r.date()
		return v
	})
}

// parseRows reads each line that has fields.
func parseRows[T any](path string, text []byte, form string, parse func(*row) T) (all []T, c content, err error) {
	c, err = eachLine(path, text, func(line string, _ int, ended bool) error {
		r, err := rowOf(line, ended, form)
		if r == nil {
			return err
		}
		one := parse(r)
		if r.err == nil {
			all = append(all, one)
		}
		return r.err
	})
	return all, c, err
}
