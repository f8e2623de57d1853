// Package eventlog writes the events log and the audit log.
//
// Data flow:
//
//  1. Add and AddAudit encode a record into a buffer of one shard, under that shard's lock only. They never wait for a disk:
//     when the buffer is full the record is dropped and counted.
//  2. Run, the only writer, takes the buffers and appends them to the file, ten times a second and when one fills up.
//  3. Files are called NAME.00000001 and so on. A new one begins when the process starts, when the file has its size, when the
//     format changes and by Flush; the oldest are removed so that a number of files stays.
//
// Records of one session are in their order; those of different sessions may be a tenth of a second apart from it.
//
// Records, fields and names of files are upstream's. The package does not know sessions or rules: who logs what is decided
// elsewhere.
package eventlog

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// Format is the form of records [mysql-eventslog_format].
type Format int

// The formats.
const (
	Binary Format = 1 // length-encoded values
	JSON   Format = 2 // an object a line
)

// Kind is the command that an event tells of.
type Kind byte

// The kinds, with the numbers they have in the binary format.
const (
	Query   Kind = 0
	Execute Kind = 16
	Prepare Kind = 17
)

func (k Kind) String() string {
	switch k {
	case Execute:
		return "COM_STMT_EXECUTE"
	case Prepare:
		return "COM_STMT_PREPARE"
	}
	return "COM_QUERY"
}

// Event is one statement.
type Event struct {
	Kind         Kind
	ThreadID     uint64 // number of the session
	Username     string
	Schemaname   string
	Client       string // address:port
	Hostgroup    int    // -1: no server had to do with it
	Server       string // address:port, where Hostgroup is not -1
	Start, End   time.Time
	StatementID  uint32 // of Execute and Prepare, as the client knows it
	OK           bool   // the answer was OK, and AffectedRows means something
	AffectedRows uint64
	LastInsertID uint64
	RowsSent     uint64
	Digest       uint64
	Query        []byte
	LastGTID     string
}

// size is about how long the record will be, in bytes.
func (e *Event) size() int {
	return 512 + len(e.Query) + len(e.Username) + len(e.Schemaname) + len(e.Client) + len(e.Server)
}

// appendTo appends the record.
func (e *Event) Append(b []byte, f Format) []byte {
	if f == JSON {
		return e.appendJSON(b)
	}
	return e.appendBinary(b)
}

// appendBinary appends the length of what follows and the values. Upstream's length is one too large for Query; readers that
// go by the values do not care.
func (e *Event) appendBinary(b []byte) []byte {
	start := len(b)
	b = append(b, make([]byte, 8)...)
	b = append(b, byte(e.Kind))
	b = appendNumber(b, e.ThreadID)
	b = appendText(b, e.Username)
	b = appendText(b, e.Schemaname)
	b = appendText(b, e.Client)
	if e.Hostgroup < 0 {
		b = appendNumber(b, math.MaxUint64)
	} else {
		b = appendText(appendNumber(b, uint64(e.Hostgroup)), e.Server)
	}
	b = appendNumber(b, uint64(e.Start.UnixMicro()))
	b = appendNumber(b, uint64(e.End.UnixMicro()))
	if e.Kind != Query {
		b = appendNumber(b, uint64(e.StatementID))
	}
	b = appendNumber(b, e.AffectedRows)
	b = appendNumber(b, e.LastInsertID)
	b = appendNumber(b, e.RowsSent)
	b = appendNumber(b, e.Digest)
	b = append(appendNumber(b, uint64(len(e.Query))), e.Query...)
	binary.LittleEndian.PutUint64(b[start:], uint64(len(b)-start-8))
	return b
}

// appendNumber appends a length-encoded integer of the MySQL protocol.
func appendNumber(b []byte, n uint64) []byte {
	switch {
	case n < 251:
		return append(b, byte(n))
	case n < 1<<16:
		return append(b, 0xfc, byte(n), byte(n>>8))
	case n < 1<<24:
		return append(b, 0xfd, byte(n), byte(n>>8), byte(n>>16))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xfe), n)
}

func appendText(b []byte, s string) []byte { return append(appendNumber(b, uint64(len(s))), s...) }

// microFormat is how a time of an event is written.
const microFormat = "2006-01-02 15:04:05.000000"

// appendJSON appends an object with its keys in order, and a newline.
func (e *Event) appendJSON(b []byte) []byte {
	b = appendString(append(b, `{"client":`...), e.Client)
	if e.Kind != Query {
		b = strconv.AppendUint(append(b, `,"client_stmt_id":`...), uint64(e.StatementID), 10)
	}
	b = appendDigest(append(b, `,"digest":"`...), e.Digest)
	b = strconv.AppendInt(append(b, `","duration_us":`...), e.End.UnixMicro()-e.Start.UnixMicro(), 10)
	b = e.End.AppendFormat(append(b, `,"endtime":"`...), microFormat)
	b = strconv.AppendInt(append(b, `","endtime_timestamp_us":`...), e.End.UnixMicro(), 10)
	b = append(append(b, `,"event":"`...), e.Kind.String()...)
	b = strconv.AppendInt(append(b, `","hostgroup_id":`...), int64(e.Hostgroup), 10)
	if e.LastGTID != "" {
		b = appendString(append(b, `,"last_gtid":`...), e.LastGTID)
	}
	if e.LastInsertID != 0 {
		b = strconv.AppendUint(append(b, `,"last_insert_id":`...), e.LastInsertID, 10)
	}
	b = appendString(append(b, `,"query":`...), e.Query)
	if e.OK {
		b = strconv.AppendUint(append(b, `,"rows_affected":`...), e.AffectedRows, 10)
	}
	b = strconv.AppendUint(append(b, `,"rows_sent":`...), e.RowsSent, 10)
	b = appendString(append(b, `,"schemaname":`...), e.Schemaname)
	if e.Hostgroup >= 0 && e.Server != "" { // the proxy answers some statements of a hostgroup itself
		b = appendString(append(b, `,"server":`...), e.Server)
	}
	b = e.Start.AppendFormat(append(b, `,"starttime":"`...), microFormat)
	b = strconv.AppendInt(append(b, `","starttime_timestamp_us":`...), e.Start.UnixMicro(), 10)
	b = strconv.AppendUint(append(b, `,"thread_id":`...), e.ThreadID, 10)
	b = appendString(append(b, `,"username":`...), e.Username)
	return append(b, "}\n"...)
}

const upperHex = "0123456789ABCDEF"

func appendDigest(b []byte, n uint64) []byte {
	b = append(b, "0x"...)
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, upperHex[n>>shift&15])
	}
	return b
}

// appendString appends a JSON string. Bytes that are no UTF-8 become U+FFFD, because readers refuse them.
func appendString[T string | []byte](b []byte, s T) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)])) // does not allocate
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ':
			b = append(b, c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		default:
			b = append(b, `\u00`...)
			b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return append(b, '"')
}
