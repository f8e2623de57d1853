package admin

import (
	"context"
	"strings"

	"github.com/keepsql/keepsql/conf/schema"
)

// helpLines are the commands in the words of their users, with what they do.
var helpLines = [][]string{
	{"LOAD <module> TO RUNTIME", "put memory into force"},
	{"LOAD <module> FROM DISK", "disk to memory"},
	{"LOAD <module> FROM CONFIG", "config file to memory"},
	{"LOAD <module> FROM REVISION <n>", "rows of an earlier load to memory"},
	{"LOAD MYSQL USER <name> TO RUNTIME", "put one user into force"},
	{"SAVE <module> TO DISK", "memory to disk"},
	{"SAVE <module> FROM RUNTIME", "what is in force to memory"},
	{"ROLLBACK <module> TO REVISION <n>", "rows of an earlier load to memory, into force and to disk"},
	{"SHOW CONFIG HISTORY [<module>]", "what was loaded, when and by whom; the same as stats_config_history"},
	{"SHOW CONFIG DRIFT", "where file, disk, memory and runtime differ, and what would bring them together"},
	{"SHOW CLUSTER STATUS", "what is in step with the other nodes, since when, why not, and what would help; see also stats_cluster_modules"},
	{"SHOW VRRP STATUS", "the virtual routers of this node, and what they hear of others"},
	{"SAVE CONFIG TO FILE <path>", "memory as the text of a config file"},
	{"SELECT CONFIG FILE", "the same as a result"},
	{"SELECT CONFIG INTO OUTFILE <path>", "the same as SAVE CONFIG TO FILE, with the size"},
	{"SET <name>=<expression>", "change a variable in memory"},
	{"SHOW [ALL|ADMIN|MYSQL|KEEPSQL] VARIABLES [LIKE <pattern>]", "variables in memory"},
	{"SHOW TABLES [FROM <schema>] [LIKE <pattern>]", "schemas are main, disk, stats, monitor, stats_history"},
	{"SHOW KEEPSQL TABLES", "tables that ProxySQL does not have"},
	{"SHOW CREATE TABLE <table>", "the definition of a table"},
	{"SHOW MYSQL USERS|SERVERS|STATUS", "memory tables; global counters"},
	{"SHOW [FULL] PROCESSLIST", "sessions of the proxy"},
	{"SHOW PROMETHEUS METRICS", "statistics as Prometheus reads them"},
	{"KILL CONNECTION <id>", "end a session of the proxy"},
	{"CHECKSUM [MEMORY|DISK] <table>", "the hash of a table, as MYSQL USERS"},
	{"SELECT GLOBAL_CHECKSUM()", "the hash of all that is in force"},
	{"SAVE MYSQL DIGEST TO DISK", "move the statement digests to stats_history"},
	{"TRUNCATE stats_mysql_query_digest", "empty the statement digests"},
	{"PULL VERSION MYSQL SERVERS <version> <seconds>", "wait for a later version of the servers"},
	{"PROXYSQL PAUSE|RESUME", "close the listeners while sessions go on; open them"},
	{"PROXYSQL DRAIN [<seconds>]", "take the node out of service: no new sessions, virtual IPs to a peer, transactions get so long (30)"},
	{"PROXYSQL UNDRAIN", "bring it back into service"},
	{"SHOW DRAIN STATUS", "how far that is"},
	{"PROXYSQL FAILOVER [<instance> ...]", "hand virtual IPs over to a peer, which keeps them until it is gone or FAILOVER RELEASE"},
	{"PROXYSQL FAILOVER RELEASE [<instance> ...]", "let priorities decide again"},
	{"PROXYSQL STOP|START", "end the sessions and close the listeners; serve again"},
	{"PROXYSQL RESTART", "restart the process of the proxy"},
	{"PROXYSQL SHUTDOWN [SLOW]|KILL", "end the program"},
	{"PROXYSQL READONLY|READWRITE", "forbid or allow changes by SQL"},
	{"PROXYSQL FLUSH LOGS|QUERY CACHE|MYSQL CLIENT HOSTS|CONFIGDB", "open anew, or empty"},
	{"PROXYSQL RELOAD TLS", "read the certificate files again"},
	{"PROXYSQL COREDUMP [<path>]", "write down what every goroutine does"},
	{"LOGENTRY <text>", "write a line to the log"},
}

// helpCommands are HELP and HELP word.
func helpCommands() []command {
	return []command{{text: "HELP", stats: true, run: help}, {text: "HELP ", arg: true, stats: true, run: help}}
}

// help shows the commands that hold all the words given.
func help(_ context.Context, _ *session, c call) (answer, error) {
	words := strings.Fields(upperASCII(c.arg))
	var lines [][]string
	for _, line := range helpLines {
		matches := true
		for _, w := range words {
			matches = matches && strings.Contains(upperASCII(line[0]), w)
		}
		if matches {
			lines = append(lines, line)
		}
	}
	lines = append(lines, []string{"anything else", "is SQL (SQLite). Modules are " + moduleList()})
	return table([]string{"command", "what it does"}, lines...), nil
}

// moduleList names the modules as commands do.
func moduleList() string {
	var names []string
	for _, mod := range schema.Modules() {
		names = append(names, mod.Command)
	}
	return strings.Join(names, ", ")
}
