package proxy

import (
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// linesPerSecond bounds each boundedLog.
const linesPerSecond = 50

// boundedLog is for what may repeat with every statement and must not fill the log, nor take a loop's time. The line that
// follows a gap says how many were left out.
type boundedLog struct {
	log     zerolog.Logger
	leftOut atomic.Uint64 // since the last line
}

func newBoundedLog(log zerolog.Logger) *boundedLog {
	l := &boundedLog{}
	l.log = log.Sample(&zerolog.BurstSampler{Burst: linesPerSecond, Period: time.Second, NextSampler: (*excess)(l)})
	return l
}

// excess samples what exceeds the bound: it counts, and lets nothing through.
type excess boundedLog

func (x *excess) Sample(zerolog.Level) bool {
	x.leftOut.Add(1)
	return false
}

// at begins a line about a session; nil, on which all methods do nothing, where there have been too many.
func (l *boundedLog) at(level zerolog.Level, session uint32) *zerolog.Event {
	e := l.log.WithLevel(level)
	if !e.Enabled() {
		return nil
	}
	if n := l.leftOut.Swap(0); n > 0 {
		e = e.Uint64("left_out", n)
	}
	return e.Uint32("session", session)
}
