package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The command line, as an operator types it: testdata/script/*.txtar.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"keepsql": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
