package vrrpconf

import "github.com/keepsql/keepsql/confparse"

// The codes of what this package reports; those of the grammar are confparse's.
const (
	CodeUnknown     = "unknown-keyword"
	CodeMissingWord = "missing-parameter" // a keyword lacks a word that must follow it
	CodeBlock       = "missing-block"     // a keyword lacks its block
	CodeValue       = "value"             // a value cannot be used as it is
	CodeConflict    = "conflict"          // a keyword is switched off by another
	CodeDuplicate   = "duplicate"         // the same thing a second time
	CodeShadowed    = "shadowed"          // a definition that an earlier one hides
	CodeUndefined   = "undefined"         // a name that nothing above defines
	CodeIncomplete  = "incomplete"        // a block or pair lacks a part
	CodeFamily      = "address-family"    // IPv4 and IPv6 mixed
	CodeCommand     = "command"           // a command line cannot be split
	CodeStrict      = "strict"            // switched off by strict mode
	CodeGroup       = "sync-group"        // a group that is none, or a tracker in one
	CodeRoute       = "route"             // a route that cannot be tracked
	CodeProgram     = "program"           // the host has no such program
	CodeUser        = "user"              // the host has no such user or group
	CodeDeprecated  = "deprecated"        // another keyword has taken its place
	CodeSecurity    = "script-security"   // scripts without enable_script_security
	CodeInterface   = "interface"         // the host has no such interface, or it cannot be used
	CodeOwner       = "owner"             // priority 255 by default
	CodeNoEffect    = "no-effect"         // known, without effect here
	CodePending     = "not-carried-out"   // known, not carried out yet
	CodeSkipped     = "skipped-block"     // blocks that are nothing of ours
)

// Class is keepalived's grade of a problem. The exit status of a config test is that of the
// highest class met.
type Class uint8

// The classes, lowest first.
const (
	Remark         Class = iota // keepalived has nothing to say about it
	MissingFile                 // an included file is not there
	CannotRun                   // a file cannot be read
	BadConfig                   // anything wrong with the text
	Insecure                    // scripts without enable_script_security, or a strict include
	MissingKeyword              // a keyword lacks its word: keepalived ends on the spot
)

// classes grades every code; one that is not listed is a Remark.
var classes = map[string]Class{
	confparse.CodeInclude:   MissingFile,
	confparse.CodeStrict:    Insecure,
	confparse.CodeFile:      CannotRun,
	confparse.CodeSyntax:    BadConfig,
	confparse.CodeDuplicate: BadConfig,
	confparse.CodeNumber:    BadConfig,
	confparse.CodeString:    BadConfig,
	confparse.CodeBrace:     BadConfig,
	confparse.CodeQuote:     BadConfig,
	confparse.CodeParameter: BadConfig,
	confparse.CodeLoop:      BadConfig,
	confparse.CodeLimit:     BadConfig,

	CodeUnknown:     BadConfig,
	CodeMissingWord: MissingKeyword,
	CodeBlock:       BadConfig,
	CodeValue:       BadConfig,
	CodeConflict:    BadConfig,
	CodeDuplicate:   BadConfig,
	CodeUndefined:   BadConfig,
	CodeIncomplete:  BadConfig,
	CodeFamily:      BadConfig,
	CodeCommand:     BadConfig,
	CodeStrict:      BadConfig,
	CodeGroup:       BadConfig,
	CodeRoute:       BadConfig,
	CodeInterface:   BadConfig,
	CodeProgram:     BadConfig,
	CodeUser:        BadConfig,
	CodeDeprecated:  BadConfig,
	CodeSecurity:    Insecure,
}

// goesOn are the keywords, some of one block only, whose missing word keepalived reports without
// ending on the spot.
var goesOn = map[string]bool{
	"router_id": true, "notification_email_from": true, "default_interface": true, "script_user": true,
	"vrrp_notify_fifo": true, "vrrp_notify_fifo_script": true, "notify_fifo": true, "notify_fifo_script": true,
	"startup_script": true, "shutdown_script": true, "vrrp_rt_priority": true, "vrrp_priority": true, "vrrp_cpu_affinity": true,
	"snmp_socket": true, "vrrp_rx_bufs_policy": true, "lvs_timeouts": true, "lvs_sync_daemon": true, "reload_time_file": true,
	"dbus_service_name": true, "vrrp_garp_extra_if": true, "garp_extra_if": true, "kernel_rx_buf_size": true,
	"instance": true, "net_namespace": true, "vrrp_instance": true, "vrrp_sync_group": true, "track_group": true,
	"vrrp_track_process weight": true, "track_file weight": true, "track_file file": true,
}

// exitStatus is what `keepalived -t` ends with, by class.
var exitStatus = map[Class]int{
	Remark: 0, MissingFile: 0, CannotRun: 4, BadConfig: 5, Insecure: 6, MissingKeyword: 2,
}

// ClassOf grades a diagnostic.
func ClassOf(d confparse.Diagnostic) Class { return classes[d.Code] }

// ExitStatus is what `keepalived -t` would end with: 0, 4, 5, 6 or 2.
func ExitStatus(ds confparse.Diagnostics) int {
	worst := Remark
	for _, d := range ds {
		worst = max(worst, ClassOf(d))
	}
	return exitStatus[worst]
}
