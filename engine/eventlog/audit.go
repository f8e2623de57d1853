package eventlog

import (
	"strconv"
	"time"
)

// AuditEvent is one event of a session's life.
type AuditEvent struct {
	Event      string // MySQL_Client_Connect_OK …
	ThreadID   uint64 // number of the session
	Username   string
	Schemaname string
	Client     string // address:port
	Proxy      string // address:port the client connected to; empty where that is left out
	Server     string // address:port of a fast_forward session's server; empty where that is left out
	TLS        bool
	Time       time.Time
	Created    time.Time // of the session, told with its end; zero where that is left out
	Extra      string    // a reason; empty where there is none
}

func (e *AuditEvent) size() int {
	return 512 + len(e.Username) + len(e.Schemaname) + len(e.Extra)
}

// milliFormat is how a time of the audit log is written.
const milliFormat = "2006-01-02 15:04:05.000"

// appendTo appends an object with its keys in order, and a newline.
func (e *AuditEvent) Append(b []byte) []byte {
	b = appendString(append(b, `{"client_addr":`...), e.Client)
	if !e.Created.IsZero() {
		b = e.Created.AppendFormat(append(b, `,"creation_time":"`...), milliFormat)
		b = strconv.AppendFloat(append(b, `","duration":"`...), float64(e.Time.Sub(e.Created).Microseconds())/1000, 'f', 3, 64)
		b = append(b, `ms"`...)
	}
	b = appendString(append(b, `,"event":`...), e.Event)
	optional := func(key, value string) {
		if value != "" {
			b = appendString(append(append(append(b, `,"`...), key...), `":`...), value)
		}
	}
	optional("extra_info", e.Extra)
	optional("proxy_addr", e.Proxy)
	b = appendString(append(b, `,"schemaname":`...), e.Schemaname)
	optional("server_addr", e.Server)
	b = strconv.AppendBool(append(b, `,"ssl":`...), e.TLS)
	b = strconv.AppendUint(append(b, `,"thread_id":`...), e.ThreadID, 10)
	b = e.Time.AppendFormat(append(b, `,"time":"`...), milliFormat)
	b = strconv.AppendInt(append(b, `","timestamp":`...), e.Time.UnixMilli(), 10)
	b = appendString(append(b, `,"username":`...), e.Username)
	return append(b, "}\n"...)
}
