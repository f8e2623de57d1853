package lint_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/conf/lint"
)

var update = flag.Bool("update", false, "write the want sections of testdata/*.txtar anew")

// Each testdata/*.txtar holds files of a configuration (*.cnf, *.conf), perhaps peer.cnf, files of
// the host (named `host PATH MODE [UID [GID]]`), and the findings (want).
func TestTranscripts(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no transcripts", err)
	}
	seen := map[string]bool{}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var config []string
			texts := map[string][]byte{}
			host := host{}
			var want string
			for _, f := range a.Files {
				fields := strings.Fields(f.Name)
				switch {
				case fields[0] == "host":
					host.add(t, fields[1:], f.Data)
				case f.Name == "want":
					want = string(f.Data)
				default:
					texts[f.Name] = f.Data
					if f.Name != "peer.cnf" {
						config = append(config, f.Name)
					}
				}
			}
			opts := lint.Options{}
			if len(host) > 0 {
				opts.Probes = host
			}
			if texts["peer.cnf"] != nil {
				opts.Peer = parse(t, texts, "peer.cnf")
			}
			got := ""
			for _, d := range lint.Check(parse(t, texts, config...), opts) {
				seen[d.Code] = true
				got += fmt.Sprintf("%s\n     [%s]\n", d, d.Code)
			}
			if *update {
				a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
				a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, r := range lint.Rules() {
		if !seen[r.Code] {
			t.Errorf("no transcript shows a finding of %s", r.Code)
		}
	}
}

func parse(t *testing.T, texts map[string][]byte, names ...string) *conf.File {
	t.Helper()
	f, ds := (&conf.Generation{Names: names, Texts: texts}).Parse()
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	return f
}

// host is a file system of a few files; directories are root's.
type host map[string]hostFile

type hostFile struct {
	lint.Stat
	data []byte
}

func (h host) add(t *testing.T, fields []string, data []byte) {
	t.Helper()
	number := func(s string, base int) uint32 {
		n, err := strconv.ParseUint(s, base, 32)
		if err != nil {
			t.Fatal(err)
		}
		return uint32(n)
	}
	f := hostFile{data: data, Stat: lint.Stat{Mode: fs.FileMode(number(fields[1], 8))}}
	if strings.HasSuffix(fields[0], "/") {
		f.Mode |= fs.ModeDir
	}
	if f.Mode&0o1000 != 0 {
		f.Mode |= fs.ModeSticky
	}
	if len(fields) > 2 {
		f.UID = number(fields[2], 10)
	}
	if len(fields) > 3 {
		f.GID = number(fields[3], 10)
	}
	h[path.Clean(fields[0])] = f
}

func (h host) LookPath(name string) (string, error) {
	if !strings.Contains(name, "/") {
		name = "/usr/bin/" + name
	}
	if f, ok := h[name]; !ok || f.Mode&0o111 == 0 {
		return "", fs.ErrNotExist
	}
	return name, nil
}

func (h host) Stat(name string) (lint.Stat, error) {
	if f, ok := h[name]; ok {
		return f.Stat, nil
	}
	for known := range h {
		if strings.HasPrefix(known, strings.TrimSuffix(name, "/")+"/") {
			return lint.Stat{Mode: fs.ModeDir | 0o755}, nil
		}
	}
	return lint.Stat{}, fs.ErrNotExist
}

func (h host) Head(name string, n int) ([]byte, error) {
	f, ok := h[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return f.data[:min(n, len(f.data))], nil
}

// The seed is what many have; every finding about it must be true.
func TestSeed(t *testing.T) {
	text, err := os.ReadFile("../../testdata/seed/node1.cnf")
	if err != nil {
		t.Fatal(err)
	}
	peer, err := os.ReadFile("../../testdata/seed/node2.cnf")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]byte{"node1.cnf": text, "node2.cnf": peer}
	check := map[string]hostFile{"/etc/keepalived/check_service.sh": {lint.Stat{Mode: 0o755}, []byte("#!/bin/sh\nmysql -e 'select 1'\n")}}
	var codes []string
	for _, d := range lint.Check(parse(t, texts, "node1.cnf"), lint.Options{Probes: host(check), Peer: parse(t, texts, "node2.cnf")}) {
		codes = append(codes, d.Code)
	}
	if diff := cmp.Diff([]string{"admin-default-password"}, codes); diff != "" {
		t.Error(diff)
	}
}
