// Package logfmt writes log lines the way ProxySQL's users read and parse them:
//
//	2026-11-21 04:06:01 [INFO] Cluster: clustering with peer 10.0.0.1:6032 key=value …
//
// or, where a collector wants it, as JSON objects, one a line.
package logfmt

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// New makes a logger that writes to w. Writes of one event are one call of w.Write.
func New(w io.Writer, asJSON bool) zerolog.Logger {
	if asJSON {
		return zerolog.New(w).With().Timestamp().Logger()
	}
	return zerolog.New(zerolog.ConsoleWriter{
		Out: w, NoColor: true,
		TimeFormat:    "2006-01-02 15:04:05",
		FormatLevel:   level,
		FormatMessage: func(m any) string { return message(m) },
		FormatFieldName: func(name any) string {
			return fmt.Sprintf("%s=", name)
		},
		TimeLocation: time.Local,
	}).With().Timestamp().Logger()
}

// level gives ProxySQL's word for a level.
func level(l any) string {
	switch l {
	case "warn":
		return "[WARNING]"
	case "fatal", "panic":
		return "[ERROR]"
	}
	return "[" + strings.ToUpper(fmt.Sprint(l)) + "]"
}

func message(m any) string {
	if m == nil {
		return ""
	}
	return fmt.Sprint(m)
}
