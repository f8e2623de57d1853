package iproute

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Protocol is the number that routes and rules of ours bear (rtm_protocol): that of VRRP among the
// IP protocols, which no routing daemon uses. keepalived has 18.
const Protocol = 112

// The tables that have a number without any file (linux/rtnetlink.h).
var tables = map[string]int{"": 254, "main": 254, "local": 255, "default": 253, "unspec": 0}

// The protocols that have a number without any file.
var protocols = map[string]int{"": Protocol, "kernel": 2, "boot": 3, "static": 4, "keepalived": 18}

// dirs are where iproute2 has its names; the later ones are of newer versions.
var dirs = []string{"/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2"}

// number looks up a name: a number itself, a name without a file, or one of a file and those in the
// directory FILE.d beside it.
func number(name string, known map[string]int, file string, most int) (int, error) {
	if n, ok := known[name]; ok {
		return n, nil
	}
	if n, err := strconv.ParseUint(name, 0, 32); err == nil && int(n) <= most {
		return int(n), nil
	}
	for _, dir := range dirs {
		more, _ := filepath.Glob(filepath.Join(dir, file+".d", "*.conf")) // the pattern is right
		for _, f := range append([]string{filepath.Join(dir, file)}, more...) {
			if n, ok := find(f, name); ok && n <= most {
				return n, nil
			}
		}
	}
	return 0, fmt.Errorf("look up %s: neither a number nor in %s", name, filepath.Join(dirs[0], file))
}

// find reads lines NUMBER NAME.
func find(file, name string) (int, bool) {
	f, err := os.Open(file)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		words := strings.Fields(in.Text())
		if len(words) < 2 || words[1] != name || strings.HasPrefix(words[0], "#") {
			continue
		}
		n, err := strconv.ParseUint(words[0], 0, 31)
		return int(n), err == nil
	}
	return 0, false
}
