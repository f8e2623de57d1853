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
	CodeSecurity:    Insecure,
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
