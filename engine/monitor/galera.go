package monitor

import (
	"context"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/monitor/verdict"
)

// galeraSQL asks for everything at once. What a server does not know is missing in the answer: pxc_maint_mode in MariaDB.
func galeraSQL(v version) string {
	from := "information_schema"
	if !v.mariadb && v.atLeast(5, 7) {
		from = "performance_schema"
	}
	return "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM " + from + ".GLOBAL_STATUS WHERE VARIABLE_NAME IN" +
		" ('wsrep_local_state','wsrep_local_recv_queue','wsrep_cluster_status')" +
		" UNION ALL SELECT VARIABLE_NAME, VARIABLE_VALUE FROM " + from + ".GLOBAL_VARIABLES WHERE VARIABLE_NAME IN" +
		" ('read_only','wsrep_desync','wsrep_reject_queries','wsrep_sst_donor_rejects_queries','pxc_maint_mode')"
}

func (p *probe) galera(ctx context.Context, o *outcome) error {
	r, err := p.client.Query(ctx, galeraSQL(p.version()))
	if err != nil {
		return err
	}
	is := map[string]string{}
	for _, row := range r.Rows {
		if len(row) == 2 {
			is[strings.ToLower(row[0].Text)] = row[1].Text
		}
	}
	o.galera = readGalera(is)
	return nil
}

// readGalera makes a node's state of its variables, by name in lower case.
func readGalera(is map[string]string) (s verdict.GaleraState) {
	on := func(name string) bool { return strings.EqualFold(is[name], "ON") || is[name] == "1" }
	s.LocalState, _ = strconv.Atoi(is["wsrep_local_state"])
	s.Queue, _ = strconv.Atoi(is["wsrep_local_recv_queue"])
	s.Primary = strings.EqualFold(is["wsrep_cluster_status"], "Primary")
	s.ReadOnly, s.Desync, s.DonorRejects = on("read_only"), on("wsrep_desync"), on("wsrep_sst_donor_rejects_queries")
	rejects := is["wsrep_reject_queries"]
	s.Rejects = rejects != "" && !strings.EqualFold(rejects, "NONE")
	s.MaintModeName = is["pxc_maint_mode"]
	s.MaintMode = s.MaintModeName != "" && !strings.EqualFold(s.MaintModeName, "DISABLED")
	return s
}

// galeraCells are the columns of mysql_server_galera_log between the time and the error.
func galeraCells(r record) schema.Row {
	s, ok := r.facts.(verdict.GaleraState)
	if !ok {
		s.ReadOnly = true
	}
	return schema.Row{yes(s.Primary), yes(s.ReadOnly), count(s.Queue), count(s.LocalState), yes(s.Desync), yes(s.Rejects), yes(s.DonorRejects), yes(s.MaintMode)}
}

func yes(on bool) schema.Cell {
	if on {
		return schema.Text("YES")
	}
	return schema.Text("NO")
}

func count(n int) schema.Cell { return schema.Text(strconv.Itoa(n)) }
