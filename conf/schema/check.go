package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/charset"
	"github.com/keepsql/keepsql/conf/iface"
)

var releaseForm = regexp.MustCompile(`^\d{1,9}\.\d{1,9}\.\d{1,9}([-_.+~][-_.+~0-9A-Za-z]{0,64})?$`)

var tableForm = regexp.MustCompile("^`?[0-9A-Za-z_$-]{1,64}`?\\.`?[0-9A-Za-z_$-]{1,64}`?$")

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
	case Charset:
		if !charset.Exists(value) {
			return "", fmt.Errorf("%s must be a character set such as utf8mb4, not %q", v.Name, value)
		}
		return value, nil
	case Collation:
		if _, ok := charset.ByName(value); !ok {
			return "", fmt.Errorf("%s must be a collation such as utf8mb4_general_ci, not %q", v.Name, value)
		}
		return value, nil
	case Interfaces:
		return value, v.checkInterfaces(value)
	case Networks:
		return value, v.checkNetworks(value)
	case TableName:
		if value != "" && !tableForm.MatchString(value) {
			return "", fmt.Errorf("%s must be database.table, not %q", v.Name, value)
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

// checkInterfaces refuses a list in which an entry is no address, or, where one is needed, which has none: nobody could connect
// any more.
func (v *Variable) checkInterfaces(list string) error {
	entries := iface.Entries(list)
	for _, entry := range entries {
		if _, err := iface.ParseEntry(entry); err != nil {
			return fmt.Errorf("%s must be ip:port, [ipv6]:port or /socket, not %q", v.Name, entry)
		}
	}
	if len(entries) == 0 && v.NonEmpty {
		return fmt.Errorf("%s must name an interface", v.Name)
	}
	return nil
}

func (v *Variable) checkNetworks(list string) error {
	if _, wrong := iface.ParseNetworks(list); len(wrong) > 0 {
		return fmt.Errorf("%s must be networks such as 10.0.0.0/8, not %q", v.Name, wrong[0])
	}
	return nil
}
