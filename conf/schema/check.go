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
		return v.checkBoolean(value)
	case Integer:
		return v.checkInteger(value)
	case Enum:
		return v.checkEnum(value)
	case Path:
		if strings.HasSuffix(value, "/") {
			return "", fmt.Errorf("%s must be a file, not the directory %q", v.Name, value)
		}
		return value, nil
	case Charset:
		return v.accept(value, charset.Exists(value), "a character set such as utf8mb4")
	case Collation:
		_, ok := charset.ByName(value)
		return v.accept(value, ok, "a collation such as utf8mb4_general_ci")
	case Interfaces:
		return value, v.checkInterfaces(value)
	case Networks:
		return value, v.checkNetworks(value)
	case TableName:
		return v.accept(value, value == "" || tableForm.MatchString(value), "database.table")
	case Release:
		return v.accept(value, releaseForm.MatchString(value), "a version such as 2.7.1")
	}
	if v.NonEmpty && value == "" {
		return "", fmt.Errorf("%s must not be empty", v.Name)
	}
	return value, nil
}

// accept gives the value itself where it is right, else the error that names what it must be.
func (v *Variable) accept(value string, right bool, what string) (string, error) {
	if !right {
		return "", v.mustBe(what, value)
	}
	return value, nil
}

func (v *Variable) mustBe(what, value string) error {
	return fmt.Errorf("%s must be %s, not %q", v.Name, what, value)
}

func (v *Variable) checkBoolean(value string) (string, error) {
	switch strings.ToLower(value) {
	case "true", "1":
		return "true", nil
	case "false", "0":
		return "false", nil
	}
	return "", v.mustBe("true or false", value)
}

func (v *Variable) checkEnum(value string) (string, error) {
	i := slices.IndexFunc(v.Values, func(s string) bool { return strings.EqualFold(s, value) })
	if i < 0 {
		return "", v.mustBe("one of "+strings.Join(v.Values, ", "), value)
	}
	return v.Values[i], nil
}

func (v *Variable) checkInteger(value string) (string, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil {
		return "", v.mustBe("a whole number", value)
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
			return v.mustBe("ip:port, [ipv6]:port or /socket", entry)
		}
	}
	if len(entries) == 0 && v.NonEmpty {
		return fmt.Errorf("%s must name an interface", v.Name)
	}
	return nil
}

func (v *Variable) checkNetworks(list string) error {
	if _, wrong := iface.ParseNetworks(list); len(wrong) > 0 {
		return v.mustBe("networks such as 10.0.0.0/8", wrong[0])
	}
	return nil
}
