package importer

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/conf"
	"github.com/keepsql/keepsql/confparse"
)

// router is the keepalived half: files as they are, and what they mean.
type router struct {
	gen   *conf.Generation
	tree  *confparse.Tree
	file  *conf.File
	names []string // absolute
}

// readKeepalived reads keepalived.conf files; none give nil. Names are made absolute, because
// includes are relative to the file they stand in and the text moves to another.
func readKeepalived(names []string, r *report) (*router, error) {
	if len(names) == 0 {
		return nil, nil
	}
	k := &router{}
	for _, name := range names {
		abs, err := filepath.Abs(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		k.names = append(k.names, abs)
	}
	g, ds := conf.Read(k.names)
	if ds.HasErrors() {
		return nil, fmt.Errorf("read %s:\n%s", strings.Join(names, ", "), strings.TrimSuffix(ds.String(), "\n"))
	}
	k.gen = g
	k.tree, _ = confparse.ParseWith(g.Host, g, g.Names...)
	if len(k.tree.Settings) > 0 {
		s := k.tree.Settings[0]
		return nil, fmt.Errorf("read %v: %q is a setting of proxysql.cnf; keepalived.conf has none", s.Pos, s.Name)
	}
	k.file, ds = g.Parse()
	for _, d := range ds {
		severity := Warning
		if d.Severity == confparse.Error {
			severity = Error
		}
		r.add(severity, d.Pos.String(), "%s", diagnosis(d))
	}
	k.scripts(r)
	return k, nil
}

// text is the files one after the other, comments and all.
func (k *router) text(r *report) string {
	var b strings.Builder
	for _, name := range k.names {
		fmt.Fprintf(&b, "\n# from %s\n\n%s", name, k.carry(name, r))
	}
	var others []string
	for _, name := range slices.Sorted(maps.Keys(k.gen.Texts)) {
		if !slices.Contains(k.names, name) {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		r.add(Note, "keepalived", "includes are kept: %s, and watched", stay(others))
	}
	return b.String()
}

func stay(names []string) string {
	if len(names) == 1 {
		return names[0] + " is still read where it is"
	}
	return strings.Join(names, ", ") + " are still read where they are"
}

// include is a line that reads other files, up to their pattern, which is relative.
var include = regexp.MustCompile(`(?m)^([ \t]*(?:@\S+[ \t]+)?include[rmwba]?[ \t]+)([^/\s$"#!].*)$`)

// carry gives the text of one file. What depends on the directory the file is in is made
// independent of it.
func (k *router) carry(name string, r *report) string {
	dir := filepath.Dir(name)
	text := bytes.TrimPrefix(k.gen.Texts[name], []byte("\xef\xbb\xbf"))
	s := strings.ReplaceAll(string(text), "\r\n", "\n")
	s = include.ReplaceAllString(s, "${1}"+strings.ReplaceAll(dir, "$", "$$")+"/${2}")
	if strings.Contains(s, "${_PWD}") {
		s = strings.ReplaceAll(s, "${_PWD}", dir)
		r.add(Note, name, "${_PWD} is written out as %s", dir)
	}
	if !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return s
}

// check reads the whole text back and compares its keepalived half with the files it is from.
func (k *router) check(whole []byte, r *report) {
	g := &conf.Generation{
		Names: []string{textName}, Texts: maps.Clone(k.gen.Texts),
		Globs: k.gen.Globs, KeptOut: k.gen.KeptOut, Host: k.gen.Host,
	}
	g.Texts[textName] = whole
	tree, ds := confparse.ParseWith(g.Host, g, g.Names...)
	if ds.HasErrors() || !slices.EqualFunc(k.tree.Keywords, tree.Keywords, sameKeyword) {
		r.add(Error, "keepalived", "the text reads differently in the new file: write its includes with absolute names and import again")
	}
}

func sameKeyword(a, b *confparse.Keyword) bool {
	return a.Rest == b.Rest && a.HasBlock == b.HasBlock &&
		slices.EqualFunc(a.Words, b.Words, func(x, y confparse.Word) bool { return x.Text == y.Text && x.Quoted == y.Quoted }) &&
		slices.EqualFunc(a.Block, b.Block, sameKeyword)
}

// scripts says which check scripts are no longer needed, or will fail.
func (k *router) scripts(r *report) {
	for _, s := range k.file.VRRP.Scripts {
		probe(r, s.Pos, "check script "+s.Name, strings.Fields(strings.Join(s.Command.Argv, " ")))
	}
	for _, p := range k.file.VRRP.TrackProcesses {
		probe(r, p.Pos, "tracked process "+p.Name, append([]string{"pidof"}, p.Command...))
	}
}

// probe judges one command that may look for ProxySQL's process.
func probe(r *report, pos confparse.Pos, what string, words []string) {
	tool := func(names ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(names, filepath.Base(w)) })
	}
	names := func(w string) bool { return filepath.Base(strings.TrimSuffix(w, ".service")) == "proxysql" }
	at := slices.IndexFunc(words, names)
	if at < 0 {
		return
	}
	switch {
	case tool("systemctl", "service"):
		r.add(Warning, pos.String(), "%s asks for the service proxysql, which does not run under keepsql: take it out", what)
	case tool("killall", "pidof", "pgrep", "pkill", "ps") && words[at] != "proxysql":
		r.add(Warning, pos.String(), "%s looks for the program %s, which does not run under keepsql: take it out", what, words[at])
	case tool("killall", "pidof", "pgrep", "pkill", "ps"):
		r.add(Note, pos.String(), "%s only looks for a process named proxysql. It goes on working and is not needed: "+
			"keepsql gives the virtual address away the moment its proxy dies (track_engine)", what)
	}
}
