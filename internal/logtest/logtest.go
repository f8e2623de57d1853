// Package logtest collects what a program says, so that a test can read it while it is still being written.
package logtest

import (
	"bytes"
	"strings"
	"sync"
)

// Log is an io.Writer that keeps everything. The zero value is empty and ready; it may be used by several goroutines.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to the log. It gives no error.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String is everything that was written since the last Take.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Take is String, and empties the log.
func (l *Log) Take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// Count is how often a text occurs.
func (l *Log) Count(text string) int { return strings.Count(l.String(), text) }
