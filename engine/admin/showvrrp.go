package admin

import (
	"context"

	"github.com/keepsql/keepsql/conf/schema"
)

// VRRPColumns are the columns of SHOW VRRP STATUS, of which Options.VRRP gives the rows.
var VRRPColumns = []string{
	"instance", "interface", "virtual_router_id", "state", "since", "priority", "effective_priority", "addresses",
	"master", "master_priority", "note",
}

// vrrpCommands show the virtual routers of this node.
func vrrpCommands() []command {
	return []command{{text: "SHOW VRRP STATUS", stats: true, run: func(_ context.Context, s *session, _ call) (answer, error) {
		rows := &schema.Rows{Columns: VRRPColumns}
		if s.srv.vrrp != nil {
			rows.Rows = s.srv.vrrp()
		}
		return answer{rows: rows}, nil
	}}}
}
