package gtid

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"
)

// Source is where numbers of transactions are counted: a server's UUID, with a tag or not (MySQL), or a domain (MariaDB). The
// zero Source is none.
type Source struct {
	uuid [16]byte
	tag  [32]byte // in lower case, filled up with zeros
	kind kind
	num  uint32 // the domain
}

type kind byte

const (
	mysql   kind = 1
	mariadb kind = 2
)

// ID names the transactions First to Last of a source, mostly a single one. The zero ID names none.
type ID struct {
	Source
	First, Last uint64
	server      uint32 // MariaDB's server_id, which is part of the name only
}

// maxNumber is the greatest number of a transaction.
const maxNumber = 1<<63 - 1

// errSyntax is what is no GTID.
var errSyntax = errors.New("it is neither uuid:number nor domain-server-number")

// None reports whether the ID names no transaction.
func (id *ID) None() bool { return id.Last == 0 }

// MariaDB reports whether the ID is of MariaDB's kind.
func (id *ID) MariaDB() bool { return id.kind == mariadb }

// ParseID reads one GTID, or some in a row of one source: "3e11fa47-71ca-11e1-9e33-c80aa9429562:23", also without dashes,
// "…:21-23", "…:tag:23" and MariaDB's "0-1-23". It does not allocate.
func ParseID(b []byte) (ID, error) {
	b = bytes.TrimSpace(b)
	if id, ok := parseMariaDB(b); ok {
		return id, nil
	}
	source, rest, ok := parseUUID(b)
	if !ok {
		return ID{}, errSyntax
	}
	for {
		part, more, found := bytes.Cut(rest, colon)
		if first, last, ok := parseSpan(part); ok && !found {
			return ID{Source: source, First: first, Last: last}, nil
		}
		if source.tag != [32]byte{} || !source.setTag(part) || !found {
			return ID{}, errSyntax
		}
		rest = more
	}
}

// Latest reads what a server tells in an OK packet: a GTID, or a set of those that one statement made, of which the last
// source and its last numbers count. It does not allocate.
func Latest(b []byte) (ID, error) {
	if i := bytes.LastIndexByte(b, ','); i >= 0 {
		b = b[i+1:]
	}
	b = bytes.TrimSpace(b)
	if id, ok := parseMariaDB(b); ok {
		return id, nil
	}
	var last ID
	err := eachSpan(b, func(id ID) error {
		last = id
		return nil
	})
	if err == nil && last.None() {
		err = errSyntax
	}
	return last, err
}

var colon = []byte(":")

// parseMariaDB reads domain-server-number.
func parseMariaDB(b []byte) (ID, bool) {
	domain, rest, ok := bytes.Cut(b, []byte("-"))
	server, number, more := bytes.Cut(rest, []byte("-"))
	if !ok || !more {
		return ID{}, false
	}
	d, okDomain := parseNumber(domain)
	s, okServer := parseNumber(server)
	n, okNumber := parseNumber(number)
	if !okDomain || !okServer || !okNumber || d > 1<<32-1 || s > 1<<32-1 || n == 0 {
		return ID{}, false
	}
	return ID{Source: Source{kind: mariadb, num: uint32(d)}, First: n, Last: n, server: uint32(s)}, true
}

// parseUUID reads a UUID, with dashes or without, and the colon behind it.
func parseUUID(b []byte) (s Source, rest []byte, ok bool) {
	text, rest, ok := bytes.Cut(b, colon)
	text = bytes.TrimSpace(text)
	var digits [32]byte
	switch {
	case !ok:
		return s, nil, false
	case len(text) == 32:
		copy(digits[:], text)
	case len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-':
		n := copy(digits[:], text[:8])
		n += copy(digits[n:], text[9:13])
		n += copy(digits[n:], text[14:18])
		n += copy(digits[n:], text[19:23])
		copy(digits[n:], text[24:])
	default:
		return s, nil, false
	}
	s.kind = mysql
	_, err := hex.Decode(s.uuid[:], digits[:])
	return s, rest, err == nil
}

// setTag takes a tag: a letter or underscore, and up to 31 more of these and digits.
func (s *Source) setTag(b []byte) bool {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || len(b) > len(s.tag) || b[0] <= '9' {
		return false
	}
	s.tag = [32]byte{}
	for i, c := range b {
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		if c-'a' >= 26 && c-'0' >= 10 && c != '_' {
			return false
		}
		s.tag[i] = c
	}
	return true
}

// parseSpan reads "23" or "21-23".
func parseSpan(b []byte) (first, last uint64, ok bool) {
	from, to, span := bytes.Cut(b, []byte("-"))
	if first, ok = parseNumber(bytes.TrimSpace(from)); !ok || first == 0 {
		return 0, 0, false
	}
	if !span {
		return first, first, true
	}
	last, ok = parseNumber(bytes.TrimSpace(to))
	return first, last, ok && last >= first
}

func parseNumber(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		if c-'0' >= 10 || n > (maxNumber-uint64(c-'0'))/10 {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	return n, len(b) > 0
}

// Append writes the ID as servers do.
func (id *ID) Append(b []byte) []byte {
	switch id.kind {
	case mysql:
		return appendSpan(append(id.Source.append(b), ':'), id.First, id.Last)
	case mariadb:
		b = id.Source.append(b)
		b = strconv.AppendUint(append(b, '-'), uint64(id.server), 10)
		return strconv.AppendUint(append(b, '-'), id.Last, 10)
	}
	return b
}

// String is what Append writes, "" for the zero ID.
func (id *ID) String() string { return string(id.Append(nil)) }

func (s *Source) append(b []byte) []byte {
	if s.kind == mariadb {
		return strconv.AppendUint(b, uint64(s.num), 10)
	}
	at := 0
	for i, n := range [...]int{4, 2, 2, 2, 6} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, s.uuid[at:at+n])
		at += n
	}
	if tag := bytes.TrimRight(s.tag[:], "\x00"); len(tag) > 0 {
		b = append(append(b, ':'), tag...)
	}
	return b
}

func appendSpan(b []byte, first, last uint64) []byte {
	b = strconv.AppendUint(b, first, 10)
	if last > first {
		b = strconv.AppendUint(append(b, '-'), last, 10)
	}
	return b
}
