package layers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
)

// pullOf is what a peer gets that pulls a module.
func (n *node) pullOf(module string) layers.Pull {
	s := n.Snapshot(module)
	p := layers.Pull{Peer: "10.0.0.1:6032", Tables: map[string]*schema.Rows{}, Stamps: s.Stamps, Save: true}
	for table, rows := range s.Runtime {
		p.Tables[table] = layers.Served(table, rows)
	}
	return p
}

// adopt pulls a module from a peer, whose content must then be in force.
func (n *node) adopt(from *node, module string) {
	n.t.Helper()
	if err := n.Adopt(module, from.pullOf(module)); err != nil {
		n.t.Fatal(err)
	}
	for name, want := range from.Snapshot(module).Stamps {
		got := n.Stamps()[name]
		if got.Checksum != want.Checksum || got.Epoch != want.Epoch {
			n.t.Errorf("%s after the pull: %+v, the peer has %+v", name, got, want)
		}
	}
}

// TestAdoptKeeps: what is not in force here, or not loaded yet, survives a pull; what the peer changed does not.
func TestAdoptKeeps(t *testing.T) {
	const file = `mysql_users=({username="both";password="1"},{username="idle";active=0},{username="taken";active=0},{username="gone"})
mysql_query_rules=({rule_id=1;active=1},{rule_id=2;active=0;comment="mine"},{rule_id=3;active=0})
mysql_servers=({hostgroup_id=1;hostname="a"},{hostgroup_id=1;hostname="off";status="OFFLINE_HARD"})
mysql_replication_hostgroups=({writer_hostgroup=1;reader_hostgroup=2})`
	sender, receiver := boot(t, "", file), boot(t, "", file)
	sender.clock = sender.clock.Add(time.Hour)
	for _, sql := range []string{
		"UPDATE mysql_users SET active=1, comment='theirs' WHERE username='taken'",
		"DELETE FROM mysql_users WHERE username IN ('gone','idle')",
		"DELETE FROM mysql_query_rules WHERE rule_id=2",
		"UPDATE mysql_query_rules SET active=1, comment='theirs' WHERE rule_id=3",
		"DELETE FROM mysql_servers WHERE hostname='off'",
		"UPDATE mysql_replication_hostgroups SET writer_hostgroup=7",
		"UPDATE global_variables SET variable_value='777' WHERE variable_name='mysql-max_connections'",
	} {
		sender.exec(sql)
	}
	for _, sql := range []string{
		"INSERT INTO mysql_users(username,password) VALUES('draft','x')",
		"UPDATE mysql_users SET password='2' WHERE username='both'",
		"UPDATE mysql_users SET comment='ours' WHERE username='taken'",
		"UPDATE mysql_query_rules SET comment='ours' WHERE rule_id=1",
		"INSERT INTO mysql_servers(hostgroup_id,hostname) VALUES(9,'draft')",
		"INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES(8,9)",
		"UPDATE global_variables SET variable_value='9' WHERE variable_name='mysql-monitor_ping_interval'",
		"UPDATE global_variables SET variable_value='5' WHERE variable_name='mysql-max_connections'",
		"UPDATE global_variables SET variable_value='8' WHERE variable_name='mysql-shun_on_failures'",
	} {
		receiver.exec(sql)
	}
	for _, module := range []string{schema.MySQLUsers, schema.MySQLQueryRules, schema.MySQLServers, schema.MySQLVariables} {
		sender.load(module)
		receiver.adopt(sender, module)
	}
	const variables = "SELECT variable_value FROM %s.global_variables WHERE variable_name IN ('mysql-max_connections','mysql-shun_on_failures') ORDER BY variable_name"
	for query, want := range map[string][2]string{ // on memory and on disk
		"SELECT username||active||coalesce(password,'')||comment FROM %s.mysql_users ORDER BY 1":    {"both12 draft1x idle0 taken1theirs", "both11 idle0 taken1theirs"},
		"SELECT rule_id||active||coalesce(comment,'') FROM %s.mysql_query_rules ORDER BY 1":         {"11ours 20mine 31theirs", "11 20mine 31theirs"},
		"SELECT hostname||status FROM %s.mysql_servers ORDER BY 1":                                  {"aONLINE draftONLINE offOFFLINE_HARD", "aONLINE offOFFLINE_HARD"},
		"SELECT writer_hostgroup||reader_hostgroup FROM %s.mysql_replication_hostgroups ORDER BY 1": {"72 89", "72"},
		variables: {"777 8", "777 5"},
	} {
		got := [2]string{receiver.list(fmt.Sprintf(query, "main")), receiver.list(fmt.Sprintf(query, "disk"))}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	var active []string
	for _, r := range receiver.Snapshot(schema.MySQLUsers).Runtime["mysql_users"].Project("username").Rows {
		active = append(active, r[0].Text)
	}
	if diff := cmp.Diff(4, len(active)); diff != "" {
		t.Errorf("users in force %v: %s", active, diff)
	}
	// The drafts are still to be loaded.
	receiver.load(schema.MySQLUsers)
	if got := len(receiver.Snapshot(schema.MySQLUsers).Runtime["mysql_users"].Rows); got != 6 {
		t.Errorf("%d rows in force after the drafts were loaded, want 6", got)
	}
}

// TestAdoptSavedDraft: a draft that was also saved stays on disk; a saved row that is neither idle nor a draft goes.
func TestAdoptSavedDraft(t *testing.T) {
	sender, receiver := boot(t, "", `mysql_users=({username="a"})`), boot(t, "", "")
	receiver.exec("INSERT INTO mysql_users(username) VALUES('draft')")
	receiver.exec("INSERT INTO disk.mysql_users(username) VALUES('draft'),('stale')")
	sender.clock = sender.clock.Add(time.Hour)
	sender.load(schema.MySQLUsers)
	receiver.adopt(sender, schema.MySQLUsers)
	if got := receiver.list("SELECT username FROM disk.mysql_users ORDER BY 1"); got != "a draft" {
		t.Errorf("disk has %q", got)
	}
}

// TestAdoptConflictingDraft: a draft that cannot stand beside the peer's rows gives way, and the pull works.
func TestAdoptConflictingDraft(t *testing.T) {
	sender, receiver := boot(t, "", ""), boot(t, "", "")
	receiver.exec("INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES(8,2)")
	sender.clock = sender.clock.Add(time.Hour)
	sender.exec("INSERT INTO mysql_replication_hostgroups(writer_hostgroup,reader_hostgroup) VALUES(1,2)")
	sender.load(schema.MySQLServers)
	receiver.adopt(sender, schema.MySQLServers)
	if got := receiver.list("SELECT writer_hostgroup||reader_hostgroup FROM mysql_replication_hostgroups"); got != "12" {
		t.Errorf("memory has %q", got)
	}
}

// TestAdoptAttributes: attributes are in force as the peer serves them, though a load here would rewrite them.
func TestAdoptAttributes(t *testing.T) {
	const attributes = `{"default-transaction_isolation":"READ-COMMITTED"}`
	sender, receiver := boot(t, "", ""), boot(t, "", `mysql_users=({username="u"})`)
	sender.clock = sender.clock.Add(time.Hour)
	sender.exec("INSERT INTO mysql_users(username,attributes) VALUES('u','" + attributes + "')")
	sender.load(schema.MySQLUsers)
	receiver.adopt(sender, schema.MySQLUsers)
	if got := receiver.list("SELECT attributes FROM mysql_users"); got != attributes {
		t.Errorf("memory has %s", got)
	}
}

func TestStamps(t *testing.T) {
	const now = 1000
	next := func(version uint64, epoch int64) layers.Stamp {
		return layers.Stamp{Version: version, Epoch: epoch}.Next("sum", now)
	}
	for name, c := range map[string]struct{ got, want layers.Stamp }{
		"an old epoch":             {next(1, 900), layers.Stamp{Version: 2, Epoch: now, Checksum: "sum"}},
		"within the second":        {next(2, now), layers.Stamp{Version: 3, Epoch: now + 1, Checksum: "sum"}},
		"a clock behind the epoch": {next(3, now+20), layers.Stamp{Version: 4, Epoch: now + 21, Checksum: "sum"}},
		"no room":                  {next(4, now+60), layers.Stamp{Version: 5, Epoch: now + 60, Checksum: "sum"}},
		"a clock that was wrong":   {next(5, now+61), layers.Stamp{Version: 6, Epoch: now + 62, Checksum: "sum"}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAlign(t *testing.T) {
	n := boot(t, "", "")
	before := n.Stamps()[schema.MySQLUsers]
	later := before
	later.Epoch, later.Version = before.Epoch+30, 9
	other := later
	other.Checksum = "0x1111111111111111"
	earlier := before
	earlier.Epoch -= 5
	want := before
	for _, c := range []struct {
		name  string
		peer  layers.Stamp
		epoch int64
	}{{"other content", other, before.Epoch}, {"an earlier epoch", earlier, before.Epoch}, {"a later epoch", later, later.Epoch}} {
		if err := n.Align(schema.MySQLUsers, c.peer); err != nil {
			t.Fatal(err)
		}
		if want.Epoch = c.epoch; c.epoch == later.Epoch {
			want = later
		}
		if diff := cmp.Diff(want, n.Stamps()[schema.MySQLUsers]); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	n.load(schema.MySQLUsers)
	if got := n.Stamps()[schema.MySQLUsers].Epoch; got != later.Epoch+1 {
		t.Errorf("epoch of the next load is %d, want %d", got, later.Epoch+1)
	}
}
