package wire

// Kind is what the first result of an answer is.
type Kind byte

const (
	KindNone     Kind = iota // nothing was seen yet
	KindOK                   // OK, or the EOF that some commands answer with
	KindError                // ERR
	KindRows                 // a result set, or rows fetched from a cursor
	KindPrepared             // a prepared statement
	KindFile                 // the server waits for a local file
	KindText                 // bare text: COM_STATISTICS
	KindStream               // replication events
)

// Answer follows the server's answer to one command over the raw bytes, in chunks of any size, without decoding columns or
// rows: it tells where the answer ends and what an accountant or a connection pool wants to know. Typical use:
//
//	a.Reset(cmd, caps)
//	for done := false; !done; {
//		chunk, err := backend.ReadChunk()
//		n, done, err = a.Feed(chunk)
//		err = client.WriteRaw(chunk[:n])
//	}
//
// It does not allocate, save for errors of the server and for packets of interest longer than 32 bytes that arrive in pieces.
// The zero value must be Reset. The exported results may be read at any time.
type Answer struct {
	Kind         Kind   // of the first result
	StatusSeen   bool   // an OK or EOF packet told the status; errors and prepared statements do not
	Status       uint16 // status flags of the last OK or EOF packet, StatusMoreResults removed by an error
	Warnings     uint16 // warning count of the last OK or EOF packet
	AffectedRows uint64 // sum over all results
	LastInsertID uint64 // last one that is not 0
	Rows         uint64 // rows of all result sets
	Results      int    // results that ended, among them a final error
	Bytes        uint64 // bytes consumed
	Err          *Error // the error that ended the answer
	File         bool   // the server waits for a local file, in the first result or a later one; see AwaitFile

	StatementID   uint32 // KindPrepared: the server's statement id
	Params        uint16 // KindPrepared: number of parameters
	PreparedWidth uint16 // KindPrepared: number of result columns

	// StateChanged, if set, is called with each block of session state changes in OK packets (connections with
	// CapSessionTrack). The slice is valid during the call.
	StateChanged func(state []byte)

	// Hide are status flags that are taken out of OK and EOF packets, in place, for clients that must not see them. A packet
	// that arrives in pieces keeps them. Reset sets it to 0; Status has the flags nevertheless.
	Hide uint16

	cmd   Command
	caps  Capability
	phase phase
	done  bool // the packet under way is the last one

	columns   uint64 // definitions still to come in phaseColumns, phaseParams, phasePrepared
	continued bool   // the next packet continues the current message

	// The packet under way: head holds its header and first byte if they came in pieces (have of them), left counts bytes
	// to skip, missing counts bytes to collect behind whole, which starts in small.
	head    [headerSize + 1]byte
	have    int
	left    int
	missing int
	total   int  // its length with the header, where left or missing is not 0
	seq     byte // number of the last packet that began
	whole   []byte
	small   [32]byte
}

// phase says which packets may come next.
type phase byte

const (
	phaseFirst       phase = iota // start of a result
	phaseColumns                  // column definitions
	phaseColumnsEnd               // the EOF behind them
	phaseRows                     // rows, or what ends them
	phaseSingle                   // the only packet of a simple answer
	phaseText                     // the only packet, without a type
	phasePrepare                  // the answer to COM_STMT_PREPARE
	phaseParams                   // parameter definitions
	phaseParamsEnd                // the EOF behind them
	phasePrepared                 // column definitions of a prepared statement
	phasePreparedEnd              // the EOF behind them
	phaseFields                   // COM_FIELD_LIST: definitions, or what ends them
	phaseStream                   // COM_BINLOG_DUMP: events, or what ends them
)

// Answered reports whether the server answers a command at all.
func (c Command) Answered() bool {
	return c != ComStmtClose && c != ComStmtSendLongData && c != ComQuit
}

// Reset begins a new answer: the one to cmd on a connection with the given capabilities (CapDeprecateEOF and
// CapSessionTrack matter). COM_CHANGE_USER is a dialogue and cannot be followed.
func (a *Answer) Reset(cmd Command, caps Capability) {
	*a = Answer{cmd: cmd, caps: caps, StateChanged: a.StateChanged}
	switch cmd {
	case ComQuery, ComStmtExecute, ComStmtBulkExecute, ComProcessInfo:
		a.phase = phaseFirst
	case ComStmtPrepare:
		a.phase = phasePrepare
	case ComStmtFetch:
		a.phase = phaseRows
	case ComFieldList:
		a.phase = phaseFields
	case ComStatistics:
		a.phase = phaseText
	case ComBinlogDump, ComBinlogDumpGTID, ComTableDump:
		a.phase = phaseStream
	default:
		a.phase = phaseSingle
	}
}

// Boundary reports whether the answer so far ends with a whole packet but is not over, so that the client can be told of an
// error in place of the rest. next is the number such a packet has.
func (a *Answer) Boundary() (next byte, ok bool) {
	return a.seq + 1, !a.done && a.have == 0 && a.left == 0 && a.missing == 0 && !a.continued
}

// Unfinished tells how many bytes of a packet that is not complete have come, header included, and the packet's number; 0 where
// the answer so far ends with a whole packet.
func (a *Answer) Unfinished() (n int, seq byte) {
	switch {
	case a.left > 0:
		return a.total - a.left, a.seq
	case a.missing > 0:
		return a.total - a.missing, a.seq
	case a.have >= headerSize:
		return a.have, a.head[3]
	}
	return a.have, a.seq + 1
}

// AwaitFile goes on with an answer in which the server asked for a file, after the file was sent: what comes now is the verdict
// on it.
func (a *Answer) AwaitFile() { a.phase, a.done, a.File = phaseFirst, false, false }

// Feed consumes a chunk. n is how many of its bytes belong to the answer: less than all only if done, when what follows is
// the server's next message. An error wraps ErrMalformed; the connection is of no further use then.
func (a *Answer) Feed(b []byte) (n int, done bool, err error) {
	for n < len(b) || a.done && a.left == 0 && a.missing == 0 {
		if a.done && a.left == 0 && a.missing == 0 {
			a.Bytes += uint64(n)
			return n, true, nil
		}
		if a.phase == phaseRows && a.have == 0 && a.missing == 0 {
			if n = a.skipRows(b, n); n == len(b) {
				break
			}
		}
		s, err := a.step(b[n:])
		if err != nil {
			return n, false, err
		}
		n += s.n
		if s.kind == stepWhole {
			if err := a.take(s.payload); err != nil {
				return n, false, err
			}
		}
	}
	a.Bytes += uint64(n)
	return n, false, nil
}

// skipRows passes over ordinary rows from b[i] on: the inner loop of large results. It stops at the first packet that
// needs a closer look and returns its place.
func (a *Answer) skipRows(b []byte, i int) int {
	if a.left > 0 {
		k := min(a.left, len(b)-i)
		a.left -= k
		i += k
	}
	if a.continued {
		return i
	}
	rows, last := uint64(0), 0
	for len(b)-i > headerSize {
		n := payloadLen(b[i:])
		if b[i+headerSize] >= headerEOF || n == 0 || n == maxPayload {
			break
		}
		rows++
		last = i
		i += headerSize + n
	}
	if rows > 0 {
		a.Rows += rows
		a.seq = b[last+3]
		a.first(KindRows) // not known yet where rows come from a cursor
	}
	if i > len(b) {
		a.left, a.total = i-len(b), headerSize+payloadLen(b[last:])
		i = len(b)
	}
	return i
}
