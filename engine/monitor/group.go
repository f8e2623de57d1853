package monitor

import (
	"context"
	"strconv"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/monitor/verdict"
	"github.com/keepsql/keepsql/engine/wire"
)

// groupSQL asks for all members as the server sees them, one a row, and what the server has still to apply itself. from is
// where the tables are, and me what the server's own MEMBER_ID is; tests of the text have both elsewhere.
func groupSQL(v version, from, me string) string {
	queue := "COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE"
	if !v.atLeast(8, 0) {
		queue = "COUNT_TRANSACTIONS_IN_QUEUE"
	}
	return "SELECT m.MEMBER_HOST, m.MEMBER_PORT, m.MEMBER_STATE, m.MEMBER_ID=" + me + " AS is_me, @@global.read_only AS read_only," +
		" (SELECT MAX(s." + queue + ") FROM " + from + ".replication_group_member_stats s WHERE s.MEMBER_ID=" + me + ") AS transactions_behind" +
		" FROM " + from + ".replication_group_members m"
}

func (p *probe) group(ctx context.Context, o *outcome) error {
	r, err := p.client.Query(ctx, groupSQL(p.version(), "performance_schema", "@@global.server_uuid"))
	if err != nil {
		return err
	}
	o.group = readGroup(r)
	return nil
}

// maxMembers bounds what is taken from one answer; a group has nine at most.
const maxMembers = 64

// readGroup makes a member's state of its view of the group. It is viable while it is ONLINE itself, and fewer than half of the
// members are neither that nor on their way to it.
func readGroup(r *wire.Result) (s verdict.GroupState) {
	s.ReadOnly = true
	lost, online := 0, false
	for _, row := range r.Rows {
		if len(row) != 6 {
			continue
		}
		port, _ := strconv.Atoi(row[1].Text)
		a, state := verdict.Addr{Host: row[0].Text, Port: port}, strings.ToUpper(row[2].Text)
		if row[3].Text == "1" {
			s.Self, online = a, state == "ONLINE"
			s.ReadOnly = row[4].Text != "0"
			s.Behind, _ = strconv.Atoi(row[5].Text)
		}
		switch {
		case state == "ONLINE" && len(s.Members) < maxMembers && a.Host != "":
			s.Members = append(s.Members, a)
		case state != "ONLINE" && state != "RECOVERING":
			lost++
		}
	}
	s.Viable = online && 2*lost < len(r.Rows)
	return s
}

// groupCells are the columns of mysql_server_group_replication_log between the time and the error.
func groupCells(r record) schema.Row {
	s, ok := r.facts.(verdict.GroupState)
	if !ok {
		s.ReadOnly = true
	}
	return schema.Row{yes(s.Viable), yes(s.ReadOnly), count(s.Behind)}
}
