package conf

import (
	"fmt"
	"io"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
)

// Summary writes what would run with this configuration, for `keepsql check`.
func (f *File) Summary(w io.Writer) {
	for _, name := range []string{"mysql-interfaces", "admin-mysql_ifaces"} {
		fmt.Fprintf(w, "%-22s %s\n", name, f.value(name))
	}
	for _, mod := range schema.Modules() {
		if n := f.count(mod); n > 0 {
			fmt.Fprintf(w, "%-22s %s\n", mod.Name, n.describe(mod))
		}
	}
	for _, i := range f.VRRP.Instances {
		var addresses []string
		for _, a := range i.VIPs {
			addresses = append(addresses, a.Prefix.String())
		}
		fmt.Fprintf(w, "%-22s %s on %s, virtual router %d, priority %d, addresses %s\n",
			"vrrp_instance", i.Name, i.Interface, i.VRID, i.Priority, strings.Join(addresses, " "))
	}
}

// value is what the file sets a variable to, or its default.
func (f *File) value(name string) string {
	for _, v := range f.Variables {
		if v.Name == name {
			return v.Value
		}
	}
	return schema.FindVariable(name).Default + " (default)"
}

// rowCount counts rows or variables.
type rowCount int

func (f *File) count(mod schema.Module) rowCount {
	n := 0
	for _, table := range mod.Tables {
		if s := f.Tables[table]; s != nil {
			n += len(s.Rows.Rows)
		}
	}
	if mod.Prefix != "" {
		for _, v := range f.Variables {
			if strings.HasPrefix(v.Name, mod.Prefix) {
				n++
			}
		}
	}
	return rowCount(n)
}

func (n rowCount) describe(mod schema.Module) string {
	what := "row"
	if mod.Prefix != "" {
		what = "variable"
	}
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
