package monitor

import (
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/engine/wire"
)

// version is what a server's greeting says of it.
type version struct {
	mariadb      bool
	major, minor int
}

func (p *probe) version() version { return parseVersion(p.client.Server()) }

func parseVersion(info *wire.ServerInfo) version {
	v := version{mariadb: strings.Contains(info.Version, "MariaDB")}
	text := info.Version
	if v.mariadb { // it puts this in front for the sake of old replicas
		text = strings.TrimPrefix(text, "5.5.5-")
	}
	major, rest, _ := strings.Cut(text, ".")
	minor, _, _ := strings.Cut(rest, ".")
	v.major, _ = strconv.Atoi(major)
	v.minor, _ = strconv.Atoi(minor)
	return v
}

// atLeast compares as numbers: 10.0 is later than 9.2.
func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}
