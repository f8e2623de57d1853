package conf

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/keepsql/keepsql/confparse"
)

// Generation is one state of the config files, frozen.
type Generation struct {
	Names []string            // as named on the command line, in order
	Texts map[string][]byte   // every file that was read, includes too
	Globs map[string][]string // every include pattern and the files it matched
	// Unread are files that could not be read, and why.
	Unread map[string]string
	// KeptOut are files that an include matched and must not read, and why.
	KeptOut map[string]string
	// Host is what else the text may depend on: the name that @id lines ask for, the
	// environment, the working directory.
	Host confparse.Options
}

// Read reads the named files and all that they include. The diagnostics are those of the
// syntax only; a file that cannot be read is one of them.
func Read(names []string) (*Generation, confparse.Diagnostics) {
	return ReadOn(ThisHost(), names)
}

// ReadOn is Read for a text that is meant for another host, or to be read more strictly.
func ReadOn(host confparse.Options, names []string) (*Generation, confparse.Diagnostics) {
	g := &Generation{
		Names: slices.Clone(names), Texts: map[string][]byte{}, Globs: map[string][]string{},
		KeptOut: map[string]string{}, Unread: map[string]string{}, Host: host,
	}
	_, ds := confparse.ParseWith(host, recorder{confparse.Files{}, g}, names...)
	g.Host.Env = g.usedEnv(host.Env)
	return g, ds
}

// usedEnv is the part of an environment that the texts name: generations are kept in files and
// passed on, and an environment may hold secrets.
func (g *Generation) usedEnv(env map[string]string) map[string]string {
	used := map[string]string{}
	for _, text := range g.Texts {
		for _, m := range envName.FindAllSubmatch(text, -1) {
			if value, set := env[string(m[1])]; set {
				used[string(m[1])] = value
			}
		}
	}
	return used
}

// envName is the use of a variable of the environment in keepalived's grammar.
var envName = regexp.MustCompile(`_ENV\s+([A-Za-z_][A-Za-z0-9_]*)`)

// ThisHost is what a text may depend on here. As in keepalived, the config id is the host name
// up to its first dot. ${_RANDOM} differs between hosts and stays the same on each, so that
// reading the same bytes again changes nothing.
func ThisHost() confparse.Options {
	var o confparse.Options
	if name, err := os.Hostname(); err == nil {
		o.ConfigID, _, _ = strings.Cut(name, ".")
	}
	h := fnv.New64a()
	h.Write([]byte(o.ConfigID))
	o.Seed = h.Sum64()
	o.WorkDir, _ = os.Getwd()
	o.Env = map[string]string{}
	for _, e := range os.Environ() {
		name, value, _ := strings.Cut(e, "=")
		o.Env[name] = value
	}
	return o
}

// recorder keeps what passes through a loader.
type recorder struct {
	confparse.Files
	g *Generation
}

func (r recorder) Read(name string) ([]byte, error) {
	text, err := r.Files.Read(name)
	if err != nil {
		r.g.Unread[name] = err.Error()
		return nil, err
	}
	r.g.Texts[name] = text
	return text, nil
}

func (r recorder) Glob(pattern string) ([]string, error) {
	files, err := r.Files.Glob(pattern)
	if err == nil {
		r.g.Globs[pattern] = files
	}
	return files, err
}

func (r recorder) Includable(name string) error {
	err := r.Files.Includable(name)
	if err != nil {
		r.g.KeptOut[name] = err.Error()
	}
	return err
}

// Read, Glob and Includable make a Generation a confparse.Loader of itself.
func (g *Generation) Read(name string) ([]byte, error) {
	text, ok := g.Texts[name]
	if !ok {
		return nil, errors.New(cmp.Or(g.Unread[name], "not part of the configuration that was taken"))
	}
	return text, nil
}

// Glob gives the files a pattern matched when the configuration was taken.
func (g *Generation) Glob(pattern string) ([]string, error) { return g.Globs[pattern], nil }

// Includable repeats what was found when the configuration was taken.
func (g *Generation) Includable(name string) error {
	if why, out := g.KeptOut[name]; out {
		return errors.New(why)
	}
	return nil
}

// Equal tells whether two generations hold the same bytes.
func (g *Generation) Equal(o *Generation) bool {
	return g != nil && o != nil && slices.Equal(g.Names, o.Names) && maps.EqualFunc(g.Texts, o.Texts, bytes.Equal)
}

// ID is a short name for the bytes of a generation, for logs.
func (g *Generation) ID() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(g.Texts)) {
		fmt.Fprintf(h, "%s\x00%d\x00", name, len(g.Texts[name]))
		h.Write(g.Texts[name])
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:4])
}

// Watched lists what to watch for edits: the named files, those they include, and the
// patterns that may match more files later.
func (g *Generation) Watched() []string {
	out := slices.Clone(g.Names)
	for _, files := range []iter.Seq[string]{maps.Keys(g.Texts), maps.Keys(g.Unread), maps.Keys(g.Globs)} {
		out = slices.AppendSeq(out, files)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
