package advert

// Counter names one number of Counters.
type Counter uint8

// What is counted, in the order of keepalived's statistics. The JSON names are its own.
const (
	Received Counter = iota
	Sent
	BecameMaster
	ReleasedMaster
	PacketLength
	IntervalWrong
	TTLWrong
	InvalidType
	AddressList
	InvalidAuthType
	AuthMismatch
	AuthFailure
	PriorityZeroReceived
	PriorityZeroSent
	// VersionWrong and Checksum have no place of their own in keepalived's statistics.
	VersionWrong
	Checksum
	counters
)

// String is the name in keepalived's JSON dump, or a similar one.
func (c Counter) String() string {
	return [counters]string{"advert_rcvd", "advert_sent", "become_master", "release_master", "packet_len_err",
		"advert_interval_err", "ip_ttl_err", "invalid_type_rcvd", "addr_list_err", "invalid_authtype",
		"authtype_mismatch", "auth_failure", "pri_zero_rcvd", "pri_zero_sent", "version_err", "checksum_err"}[c]
}

// Counters are the statistics of one virtual router.
type Counters [counters]uint64

// Add counts one.
func (c *Counters) Add(what Counter) { c[what]++ }
