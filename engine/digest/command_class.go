package digest

// Class returns the class of a statement by the first words of its digest text,
// letter case ignored. The groups are upstream's, measured, with its blind spots:
// what it counts as UNKNOWN is UNKNOWN here.
func Class(text []byte) CommandClass {
	w := words{rest: text}
	for len(w.rest) > 0 && (w.rest[0] == '(' || w.rest[0] == ' ') {
		w.rest = w.rest[1:]
	}
	first := w.next()
	if c := classOf(first); c != CommandUnknown {
		return c
	}
	return classOfWords(first, &w)
}

// classOf knows the statements that one word tells.
func classOf(word []byte) CommandClass {
	switch string(word) {
	case "select":
		return CommandSelect
	case "insert":
		return CommandInsert
	case "update":
		return CommandUpdate
	case "delete":
		return CommandDelete
	case "begin":
		return CommandBegin
	case "commit":
		return CommandCommit
	case "set":
		return CommandSet
	case "replace":
		return CommandReplace
	case "call":
		return CommandCall
	case "load":
		return CommandLoad
	case "prepare":
		return CommandPrepare
	case "execute":
		return CommandExecute
	case "deallocate":
		return CommandDeallocate
	case "savepoint":
		return CommandSavepoint
	case "describe":
		return CommandDescribe
	case "flush":
		return CommandFlush
	case "kill":
		return CommandKill
	case "grant":
		return CommandGrant
	case "revoke":
		return CommandRevoke
	case "optimize":
		return CommandOptimize
	case "purge":
		return CommandPurge
	}
	return CommandUnknown
}

// classOfWords knows the statements that need more than one word.
func classOfWords(first []byte, w *words) CommandClass {
	switch string(first) {
	case "show":
		if w.is("table") && w.is("status") {
			return CommandShowTableStatus
		}
		return CommandShow
	case "start":
		return w.ifNext("transaction", CommandStartTransaction)
	case "rollback":
		return rollback(w)
	case "release":
		return w.ifNext("savepoint", CommandReleaseSavepoint)
	case "lock":
		return w.ifNext("table", CommandLockTable)
	case "unlock":
		return w.ifNext("tables", CommandUnlockTables)
	case "create":
		return create(w.next())
	case "alter":
		return alter(w)
	case "drop":
		return drop(w.next())
	case "rename":
		return w.ifNext("table", CommandRenameTable)
	case "analyze":
		return analyze(w)
	case "change":
		return w.ifNext("master", CommandChangeMaster)
	case "reset":
		return reset(w.next())
	}
	return CommandUnknown
}

func rollback(w *words) CommandClass {
	if !w.is("to") {
		return CommandRollback
	}
	return w.ifNext("savepoint", CommandRollbackSavepoint)
}

func create(word []byte) CommandClass {
	switch string(word) {
	case "table":
		return CommandCreateTable
	case "temporary":
		return CommandCreateTemporary
	case "index":
		return CommandCreateIndex
	case "database", "schema":
		return CommandCreateDatabase
	case "view":
		return CommandCreateView
	case "trigger":
		return CommandCreateTrigger
	case "user":
		return CommandCreateUser
	}
	return CommandUnknown
}

func drop(word []byte) CommandClass {
	switch string(word) {
	case "table":
		return CommandDropTable
	case "view":
		return CommandDropView
	case "trigger":
		return CommandDropTrigger
	case "user":
		return CommandDropUser
	}
	return CommandUnknown
}

func alter(w *words) CommandClass {
	switch string(w.next()) {
	case "table":
		return CommandAlterTable
	case "view":
		return CommandAlterView
	case "online", "ignore":
		return w.ifNext("table", CommandAlterTable)
	}
	return CommandUnknown
}

func analyze(w *words) CommandClass {
	switch string(w.next()) {
	case "table":
		return CommandAnalyzeTable
	case "local", "no_write_to_binlog":
		return w.ifNext("table", CommandAnalyzeTable)
	}
	return CommandUnknown
}

func reset(word []byte) CommandClass {
	switch string(word) {
	case "master":
		return CommandResetMaster
	case "slave":
		return CommandResetSlave
	}
	return CommandUnknown
}
