package vrrp

// The keys of log fields.
const (
	keyInstance  = "instance"
	keyVRID      = "vrid"
	keyInterface = "interface"
	keyScript    = "script"
	keyAddress   = "address"
	keyGroup     = "group"
	keyFile      = "file"
	keyProcess   = "process"
)
