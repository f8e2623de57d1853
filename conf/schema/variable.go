package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Kind is the type of a variable's value.
type Kind int

// The kinds of variables. The zero Kind is free text.
const (
	String  Kind = iota
	Boolean      // true, false, 1 or 0, in any letter case
	Integer      // between Min and Max
	Enum         // one of Values, in any letter case
	Path         // a file name; may be empty, must not end in '/'
	Release      // a version such as 2.7.1-16-g2726c27; belongs to one node, and is no part of what is saved or imported
)

// Sync tells whether a variable takes part in checksums and in the cluster.
type Sync int

// Most variables always take part.
const (
	Always         Sync = iota
	WithInterfaces      // only with cluster_sync_interfaces=true
	Never
)

// Variable describes one row of global_variables.
type Variable struct {
	Name     string // with its prefix: "mysql-threads"
	Default  string
	Kind     Kind
	Min, Max int64    // of Integer
	Values   []string // of Enum
	NonEmpty bool     // of String
	Restart  bool     // takes effect at the next start only
	Sync     Sync
	Doc      string // what it is, one sentence
	Unused   string // why it is accepted and changes nothing; empty for most
}

var releaseForm = regexp.MustCompile(`^\d{1,9}\.\d{1,9}\.\d{1,9}([-_.+~][-_.+~0-9A-Za-z]{0,64})?$`)

var byName = sync.OnceValue(func() map[string]*Variable {
	m := make(map[string]*Variable, len(variables))
	for i := range variables {
		m[variables[i].Name] = &variables[i]
	}
	return m
})

// Variables lists every variable whose name begins with prefix ("mysql-", "" for all), in
// the order of their names.
func Variables(prefix string) []Variable {
	var out []Variable
	for _, v := range variables {
		if strings.HasPrefix(v.Name, prefix) {
			out = append(out, v)
		}
	}
	return out
}

// FindVariable looks a variable up by its full name; nil where there is none.
func FindVariable(name string) *Variable { return byName()[name] }

// Allowed says in words what values the variable can take.
func (v *Variable) Allowed() string {
	switch {
	case v.Kind == Boolean:
		return "true, false"
	case v.Kind == Integer:
		return fmt.Sprintf("%d … %d", v.Min, v.Max)
	case v.Kind == Enum:
		return strings.Join(v.Values, ", ")
	case v.Kind == Path:
		return "file name, may be empty"
	case v.Kind == Release:
		return "version, as 2.7.1"
	case v.NonEmpty:
		return "text, not empty"
	}
	return "text"
}

// Check tells whether the variable can take the value, and gives the form that runtime
// keeps: booleans become "true" or "false", enums their listed spelling. The error says what
// would be accepted.
func (v *Variable) Check(value string) (string, error) {
	switch v.Kind {
	case Boolean:
		switch strings.ToLower(value) {
		case "true", "1":
			return "true", nil
		case "false", "0":
			return "false", nil
		}
		return "", fmt.Errorf("%s must be true or false, not %q", v.Name, value)
	case Integer:
		return v.checkInteger(value)
	case Enum:
		i := slices.IndexFunc(v.Values, func(s string) bool { return strings.EqualFold(s, value) })
		if i < 0 {
			return "", fmt.Errorf("%s must be one of %s, not %q", v.Name, strings.Join(v.Values, ", "), value)
		}
		return v.Values[i], nil
	case Path:
		if strings.HasSuffix(value, "/") {
			return "", fmt.Errorf("%s must be a file, not the directory %q", v.Name, value)
		}
		return value, nil
	case Release:
		if !releaseForm.MatchString(value) {
			return "", fmt.Errorf("%s must be a version such as 2.7.1, not %q", v.Name, value)
		}
		return value, nil
	}
	if v.NonEmpty && value == "" {
		return "", fmt.Errorf("%s must not be empty", v.Name)
	}
	return value, nil
}

func (v *Variable) checkInteger(value string) (string, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil {
		return "", fmt.Errorf("%s must be a whole number, not %q", v.Name, value)
	}
	if n < v.Min || n > v.Max {
		return "", fmt.Errorf("%s must be between %d and %d, not %d", v.Name, v.Min, v.Max, n)
	}
	return strconv.FormatInt(n, 10), nil
}
