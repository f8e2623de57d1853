package eventlog

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

const (
	writeInterval = 100 * time.Millisecond
	flushTimeout  = 2 * time.Second
	bufferBytes   = 16 << 20 // of all shards together
	keptBuffer    = 256 << 10
	complainEvery = time.Minute
	defaultKeep   = 100 // files
)

// Options of a Log.
type Options struct {
	Log zerolog.Logger
	// Title is what messages call it: "events log".
	Title string
	// Dir is what relative names are relative to.
	Dir string
}

// Stats are what a Log did since it was made.
type Stats struct {
	Written uint64 // records
	Dropped uint64 // records there was no room for, or that could not be written
	Queued  uint64 // bytes that wait to be written
}

// Log is a log that is written in the background. Make it with New.
type Log struct {
	opt     Options
	on      atomic.Bool
	want    atomic.Pointer[config]
	keep    atomic.Int64
	written atomic.Uint64
	dropped atomic.Uint64
	limit   int // bytes of a shard
	shards  []shard
	wake    chan struct{}
	flushes chan chan struct{}
}

// config is what the log is to be; the zero value is off.
type config struct {
	base   string
	size   int64
	format Format
}

type shard struct {
	mu     sync.Mutex // guards what follows
	buf    []byte
	format Format
	_      [64]byte
}

// New makes a log that is off.
func New(o Options) *Log {
	l := &Log{
		opt: o, shards: make([]shard, runtime.GOMAXPROCS(0)), wake: make(chan struct{}, 1), flushes: make(chan chan struct{}),
	}
	l.limit = max(1<<20, bufferBytes/len(l.shards))
	for i := range l.shards {
		l.shards[i].format = JSON
	}
	l.keep.Store(defaultKeep)
	l.want.Store(&config{})
	return l
}

// Configure sets name, size in bytes and format of the files. An empty name turns the log off.
func (l *Log) Configure(name string, size int64, f Format) {
	c := &config{}
	if name != "" {
		c = &config{base: name, size: size, format: f}
		if !filepath.IsAbs(name) {
			c.base = filepath.Join(l.opt.Dir, name)
		}
	}
	for i := range l.shards { // those that hold nothing may begin at once
		s := &l.shards[i]
		s.mu.Lock()
		if len(s.buf) == 0 && f != 0 {
			s.format = f
		}
		s.mu.Unlock()
	}
	l.want.Store(c)
	l.on.Store(name != "")
	l.alarm()
}

// Keep sets how many files stay, among them the one being written.
func (l *Log) Keep(files int) { l.keep.Store(int64(files)) }

// On reports whether anything is logged at all.
func (l *Log) On() bool { return l.on.Load() }

// Add logs a statement. n spreads writers over the shards: records of the same n stay in their order.
func (l *Log) Add(n uint32, e *Event) {
	if s := l.room(n, e.size()); s != nil {
		s.buf = e.Append(s.buf, s.format)
		l.added(s)
	}
}

// AddAudit logs an event of a session. n is as of Add.
func (l *Log) AddAudit(n uint32, e *AuditEvent) {
	if s := l.room(n, e.size()); s != nil {
		s.buf = e.Append(s.buf)
		l.added(s)
	}
}

// room locks the shard for n; nil if the log is off or the shard is full.
func (l *Log) room(n uint32, size int) *shard {
	if !l.on.Load() {
		return nil
	}
	s := &l.shards[int(n)%len(l.shards)]
	s.mu.Lock()
	if len(s.buf) > 0 && len(s.buf)+size > l.limit {
		s.mu.Unlock()
		l.dropped.Add(1)
		l.alarm()
		return nil
	}
	return s
}

// added unlocks a shard that got a record.
func (l *Log) added(s *shard) {
	full := len(s.buf) > l.limit/2
	s.mu.Unlock()
	if full {
		l.alarm()
	}
}

// alarm has the writer look at once.
func (l *Log) alarm() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Flush writes what waits and begins a new file, so that the others can be taken away (PROXYSQL FLUSH LOGS). It returns when
// that is done, or after two seconds.
func (l *Log) Flush() {
	done := make(chan struct{})
	t := time.NewTimer(flushTimeout)
	defer t.Stop()
	select {
	case l.flushes <- done:
	case <-t.C:
		return
	}
	select {
	case <-done:
	case <-t.C:
	}
}

// Stats gives the present figures.
func (l *Log) Stats() Stats {
	st := Stats{Written: l.written.Load(), Dropped: l.dropped.Load()}
	for i := range l.shards {
		l.shards[i].mu.Lock()
		st.Queued += uint64(len(l.shards[i].buf))
		l.shards[i].mu.Unlock()
	}
	return st
}

// Run writes until ctx ends and everything that was added before is written. A log that is off wakes nobody.
func (l *Log) Run(ctx context.Context) {
	w := writer{l: l}
	defer w.end()
	t := time.NewTicker(writeInterval)
	defer t.Stop()
	for {
		tick := t.C
		if !l.On() {
			tick = nil
			t.Stop()
		}
		select {
		case <-ctx.Done():
			w.turn(false)
			return
		case done := <-l.flushes:
			w.turn(true)
			close(done)
		case <-tick:
			w.turn(false)
		case <-l.wake: // also when it is switched on or off
			w.turn(false)
			t.Reset(writeInterval)
		}
	}
}

// writer is the state of Run.
type writer struct {
	l         *Log
	have      *config // of the open file, or of the one that could not be opened
	file      file
	spare     []byte
	complaint time.Time // of the last message about a failure
}

// turn writes what waits, changes to a new configuration, and where rotate is set to a new file.
func (w *writer) turn(rotate bool) {
	want := w.l.want.Load()
	if w.have == nil || w.have.base == "" {
		w.have = want
	}
	w.reopen()
	for i := range w.l.shards {
		w.drain(&w.l.shards[i], want.format)
	}
	if *want != *w.have {
		same := want.base == w.have.base && want.format == w.have.format
		w.have = want
		if !same {
			w.report(w.file.close())
		}
	}
	if rotate && w.file.size > 0 {
		w.report(w.file.close())
	}
	w.reopen()
}

// reopen opens the next file where there should be one and is not.
func (w *writer) reopen() {
	if w.file.f == nil && w.have.base != "" {
		w.rotate()
	}
}

// drain writes a shard's records; those that follow get the given format.
func (w *writer) drain(s *shard, next Format) {
	s.mu.Lock()
	full, format := s.buf, s.format
	if len(full) > 0 {
		s.buf = w.spare[:0]
	}
	if next != 0 {
		s.format = next
	}
	s.mu.Unlock()
	if len(full) == 0 {
		return
	}
	w.write(full, format)
	w.spare = full
	if cap(full) > keptBuffer {
		w.spare = nil
	}
}

// write appends records to the file, and to the next ones as they reach their size.
func (w *writer) write(b []byte, f Format) {
	for len(b) > 0 {
		if w.file.f == nil || w.have.format != f {
			_, n := fitting(b, int64(len(b)), f)
			w.l.dropped.Add(uint64(n))
			return
		}
		length, n := fitting(b, w.have.size-w.file.size, f)
		if err := w.file.write(b[:length]); err != nil {
			w.report(err)
			w.l.dropped.Add(uint64(n))
		} else {
			w.l.written.Add(uint64(n))
		}
		b = b[length:]
		if w.file.size >= w.have.size {
			w.rotate()
		}
	}
}

// rotate begins a new file. Until one can be opened, records are dropped.
func (w *writer) rotate() {
	err := w.file.close()
	w.report(errors.Join(err, w.file.open(w.have.base, int(w.l.keep.Load()))))
}

func (w *writer) report(err error) {
	if err == nil || time.Since(w.complaint) < complainEvery {
		return
	}
	w.complaint = time.Now()
	w.l.opt.Log.Error().Err(err).Str("log", w.l.opt.Title).Uint64("dropped", w.l.dropped.Load()).Msg("cannot write log")
}

func (w *writer) end() { w.report(w.file.close()) }
