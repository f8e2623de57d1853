package wire

import "bytes"

// stateGTIDs and stateVariable are kinds of session state changes in OK packets: MySQL tells GTIDs as such, MariaDB as a
// variable.
const (
	stateVariable = 0
	stateGTIDs    = 3
)

// withoutGTIDs takes the GTIDs out of session state changes. What cannot be read stays.
func withoutGTIDs(state []byte) []byte {
	var out []byte
	for rest := state; len(rest) > 0; {
		c := cursor{b: rest[1:]}
		body, _ := c.lenencBytes()
		if c.bad {
			return append(out, rest...)
		}
		if !tellsGTIDs(rest[0], body) {
			out = append(out, rest[:len(rest)-len(c.b)]...)
		}
		rest = c.b
	}
	return out
}

func tellsGTIDs(kind byte, body []byte) bool {
	if kind != stateVariable {
		return kind == stateGTIDs
	}
	c := cursor{b: body}
	name, _ := c.lenencBytes()
	return !c.bad && bytes.Equal(name, []byte("last_gtid"))
}
