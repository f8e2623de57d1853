package wire

// Capability is the set of CLIENT_* flags of a connection, as the greeting announces and the client's answer selects
// them. Names and values: MySQL internals manual, "Capabilities Flags".
type Capability uint32

const (
	CapLongPassword               Capability = 1 << 0 // absent from MariaDB's greeting: the server has extended flags
	CapFoundRows                  Capability = 1 << 1
	CapLongFlag                   Capability = 1 << 2
	CapConnectWithDB              Capability = 1 << 3
	CapNoSchema                   Capability = 1 << 4
	CapCompress                   Capability = 1 << 5
	CapODBC                       Capability = 1 << 6
	CapLocalFiles                 Capability = 1 << 7
	CapIgnoreSpace                Capability = 1 << 8
	CapProtocol41                 Capability = 1 << 9
	CapInteractive                Capability = 1 << 10
	CapSSL                        Capability = 1 << 11
	CapIgnoreSigpipe              Capability = 1 << 12
	CapTransactions               Capability = 1 << 13
	CapReserved                   Capability = 1 << 14
	CapSecureConnection           Capability = 1 << 15
	CapMultiStatements            Capability = 1 << 16
	CapMultiResults               Capability = 1 << 17
	CapPSMultiResults             Capability = 1 << 18
	CapPluginAuth                 Capability = 1 << 19
	CapConnectAttrs               Capability = 1 << 20
	CapPluginAuthLenenc           Capability = 1 << 21
	CapCanHandleExpiredPasswords  Capability = 1 << 22
	CapSessionTrack               Capability = 1 << 23
	CapDeprecateEOF               Capability = 1 << 24
	CapOptionalResultsetMetadata  Capability = 1 << 25
	CapZstdCompression            Capability = 1 << 26
	CapQueryAttributes            Capability = 1 << 27
	CapMultiFactorAuthentication  Capability = 1 << 28
	CapSSLVerifyServerCertificate Capability = 1 << 30
	CapRememberOptions            Capability = 1 << 31
)

// Server status flags, sent in OK and EOF packets and in the greeting.
const (
	StatusInTrans             uint16 = 0x0001
	StatusAutocommit          uint16 = 0x0002
	StatusMoreResults         uint16 = 0x0008
	StatusNoGoodIndex         uint16 = 0x0010
	StatusNoIndex             uint16 = 0x0020
	StatusCursorExists        uint16 = 0x0040
	StatusLastRowSent         uint16 = 0x0080
	StatusDBDropped           uint16 = 0x0100
	StatusNoBackslashEscapes  uint16 = 0x0200
	StatusMetadataChanged     uint16 = 0x0400
	StatusQueryWasSlow        uint16 = 0x0800
	StatusPSOutParams         uint16 = 0x1000
	StatusInTransReadonly     uint16 = 0x2000
	StatusSessionStateChanged uint16 = 0x4000
)

// Command is the first byte of a command packet.
type Command byte

const (
	ComSleep            Command = 0
	ComQuit             Command = 1
	ComInitDB           Command = 2
	ComQuery            Command = 3
	ComFieldList        Command = 4
	ComCreateDB         Command = 5
	ComDropDB           Command = 6
	ComRefresh          Command = 7
	ComShutdown         Command = 8
	ComStatistics       Command = 9
	ComProcessInfo      Command = 10
	ComConnect          Command = 11
	ComProcessKill      Command = 12
	ComDebug            Command = 13
	ComPing             Command = 14
	ComTime             Command = 15
	ComDelayedInsert    Command = 16
	ComChangeUser       Command = 17
	ComBinlogDump       Command = 18
	ComTableDump        Command = 19
	ComConnectOut       Command = 20
	ComRegisterSlave    Command = 21
	ComStmtPrepare      Command = 22
	ComStmtExecute      Command = 23
	ComStmtSendLongData Command = 24
	ComStmtClose        Command = 25
	ComStmtReset        Command = 26
	ComSetOption        Command = 27
	ComStmtFetch        Command = 28
	ComDaemon           Command = 29
	ComBinlogDumpGTID   Command = 30
	ComResetConnection  Command = 31
	ComStmtBulkExecute  Command = 250 // MariaDB
)

// Names of the authentication plugins this package speaks.
const (
	PluginNative = "mysql_native_password"
	PluginSHA2   = "caching_sha2_password"
	PluginClear  = "mysql_clear_password"
)

// First bytes that tell packets of an answer apart.
const (
	headerOK       byte = 0x00
	headerMoreData byte = 0x01
	headerNull     byte = 0xfb // in a row: NULL; as an answer: the server asks for a local file
	headerEOF      byte = 0xfe
	headerERR      byte = 0xff
)

// maxPayload is the largest payload of one packet; a packet of exactly this size is continued by the next one.
const maxPayload = 1<<24 - 1

// headerSize is the length of a packet header: three bytes of payload length, one of sequence number.
const headerSize = 4

// Column types of result sets, as far as servers of our own send them.
const (
	TypeLong      byte = 0x03
	TypeDouble    byte = 0x05
	TypeNull      byte = 0x06
	TypeLonglong  byte = 0x08
	TypeBlob      byte = 0xfc
	TypeVarString byte = 0xfd
	TypeString    byte = 0xfe
)

// Collation ids used where no configuration chooses one.
const (
	CharsetUTF8    uint16 = 33 // utf8mb3_general_ci
	CharsetUTF8MB4 uint16 = 45 // utf8mb4_general_ci
	CharsetBinary  uint16 = 63
)
