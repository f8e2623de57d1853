// Package packaging holds what is shipped beside the binary, as far as the binary needs it too.
package packaging

import _ "embed"

// DemoConfig is the sample configuration demo.cnf.
//
//go:embed demo.cnf
var DemoConfig string
