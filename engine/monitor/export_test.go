package monitor

import "github.com/keepsql/keepsql/engine/wire"

// The statements and readers of checks that no server here can be asked for real.
var (
	AuroraSQL  = auroraSQL
	ReadAurora = readAurora
	ReadGroup  = readGroup
	ReadGalera = readGalera
	Arranged   = arranged
)

// GroupSQL is groupSQL by the text of a version.
func GroupSQL(version, from, me string) string {
	return groupSQL(parseVersion(&wire.ServerInfo{Version: version}), from, me)
}

// GaleraSQL is galeraSQL by the text of a version.
func GaleraSQL(version string) string {
	return galeraSQL(parseVersion(&wire.ServerInfo{Version: version}))
}
