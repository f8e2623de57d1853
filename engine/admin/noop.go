package admin

// noopCommands are what connectors and dumps send of which nothing depends here. There are no transactions.
func noopCommands() []command {
	var all []command
	for _, text := range []string{
		"COMMIT", "ROLLBACK", "START TRANSACTION", "UNLOCK TABLES", "SIGNAL MYSQL THREADS",
	} {
		all = append(all, command{text: text, stats: true, run: ok})
	}
	for _, text := range []string{"PROXYSQL MEMPROFILE START", "PROXYSQL MEMPROFILE STOP"} { // memory is always profiled
		all = append(all, command{text: text, run: ok})
	}
	for _, text := range []string{
		"BEGIN", "START TRANSACTION ", "/*!", "USE ", "SET NAMES ", "SET AUTOCOMMIT", "SET SQL_SAFE_UPDATES", "SET CHARACTER_SET_RESULTS",
		"SET SESSION ",
	} {
		all = append(all, command{text: text, arg: true, stats: true, run: ok})
	}
	// Upstream knows this one in capitals only, as mysqldump sends it.
	all = append(all, command{text: "LOCK TABLES ", arg: true, exact: true, stats: true, run: ok})
	for _, way := range [][]string{fromDisk, toRuntime} {
		for _, w := range way {
			all = append(all, command{text: "LOAD CLICKHOUSE VARIABLES " + w, run: ok})
		}
	}
	for _, way := range [][]string{toDisk, fromRuntime} {
		for _, w := range way {
			all = append(all, command{text: "SAVE CLICKHOUSE VARIABLES " + w, run: ok})
		}
	}
	return all
}
