package keepalivedcli

import (
	"encoding/json"
	"fmt"
	"io"
	"log/syslog"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// lines turns events into keepalived's lines: the message, and what went wrong behind it.
type lines struct {
	mu      sync.Mutex // guards console
	console io.Writer  // nil: none
	system  *syslog.Writer
}

// newLog makes the logger of a process.
func newLog(o *Options, console io.Writer) zerolog.Logger {
	w := &lines{}
	if o.Console && o.Foreground {
		w.console = console
	}
	if !o.NoSyslog {
		w.system, _ = syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, "Keepalived_vrrp") // without a syslog there is none
	}
	level := zerolog.InfoLevel
	if o.Detail {
		level = zerolog.DebugLevel
	}
	return zerolog.New(w).Level(level)
}

// Write writes one event.
func (w *lines) Write(b []byte) (int, error) {
	var e struct {
		Message string `json:"message"`
		Error   string `json:"error"`
		From    string `json:"from"`
	}
	text := string(b)
	if json.Unmarshal(b, &e) == nil {
		text = e.Message
		if e.From != "" {
			text += " from " + e.From
		}
		if e.Error != "" {
			text += ": " + e.Error
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.console != nil {
		fmt.Fprintf(w.console, "%s: %s\n", time.Now().Format(time.ANSIC), text)
	}
	if w.system != nil {
		_ = w.system.Info(text) // nowhere to complain to
	}
	return len(b), nil
}
