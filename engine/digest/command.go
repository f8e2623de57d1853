package digest

// CommandClass is the class under which a statement is counted: one row of
// stats_mysql_commands_counters.
type CommandClass uint8

// The classes in the order of upstream's rows. Upstream lists some that it never
// counts: EXPLAIN, USE, TRUNCATE_TABLE, DROP_DATABASE, DROP_INDEX and
// SELECT_FOR_UPDATE; neither does Class.
const (
	CommandAlterTable CommandClass = iota
	CommandAlterView
	CommandAnalyzeTable
	CommandBegin
	CommandCall
	CommandChangeMaster
	CommandCommit
	CommandCreateDatabase
	CommandCreateIndex
	CommandCreateTable
	CommandCreateTemporary
	CommandCreateTrigger
	CommandCreateUser
	CommandCreateView
	CommandDeallocate
	CommandDelete
	CommandDescribe
	CommandDropDatabase
	CommandDropIndex
	CommandDropTable
	CommandDropTrigger
	CommandDropUser
	CommandDropView
	CommandGrant
	CommandExecute
	CommandExplain
	CommandFlush
	CommandInsert
	CommandKill
	CommandLoad
	CommandLockTable
	CommandOptimize
	CommandPrepare
	CommandPurge
	CommandReleaseSavepoint
	CommandRenameTable
	CommandResetMaster
	CommandResetSlave
	CommandReplace
	CommandRevoke
	CommandRollback
	CommandRollbackSavepoint
	CommandSavepoint
	CommandSelect
	CommandSelectForUpdate
	CommandSet
	CommandShowTableStatus
	CommandStartTransaction
	CommandTruncateTable
	CommandUnlockTables
	CommandUpdate
	CommandUse
	CommandShow
	CommandUnknown

	// NumCommands is the number of classes.
	NumCommands = int(CommandUnknown) + 1
)

var commandNames = [NumCommands]string{
	CommandAlterTable:        "ALTER_TABLE",
	CommandAlterView:         "ALTER_VIEW",
	CommandAnalyzeTable:      "ANALYZE_TABLE",
	CommandBegin:             "BEGIN",
	CommandCall:              "CALL",
	CommandChangeMaster:      "CHANGE_MASTER",
	CommandCommit:            "COMMIT",
	CommandCreateDatabase:    "CREATE_DATABASE",
	CommandCreateIndex:       "CREATE_INDEX",
	CommandCreateTable:       "CREATE_TABLE",
	CommandCreateTemporary:   "CREATE_TEMPORARY",
	CommandCreateTrigger:     "CREATE_TRIGGER",
	CommandCreateUser:        "CREATE_USER",
	CommandCreateView:        "CREATE_VIEW",
	CommandDeallocate:        "DEALLOCATE",
	CommandDelete:            "DELETE",
	CommandDescribe:          "DESCRIBE",
	CommandDropDatabase:      "DROP_DATABASE",
	CommandDropIndex:         "DROP_INDEX",
	CommandDropTable:         "DROP_TABLE",
	CommandDropTrigger:       "DROP_TRIGGER",
	CommandDropUser:          "DROP_USER",
	CommandDropView:          "DROP_VIEW",
	CommandGrant:             "GRANT",
	CommandExecute:           "EXECUTE",
	CommandExplain:           "EXPLAIN",
	CommandFlush:             "FLUSH",
	CommandInsert:            "INSERT",
	CommandKill:              "KILL",
	CommandLoad:              "LOAD",
	CommandLockTable:         "LOCK_TABLE",
	CommandOptimize:          "OPTIMIZE",
	CommandPrepare:           "PREPARE",
	CommandPurge:             "PURGE",
	CommandReleaseSavepoint:  "RELEASE_SAVEPOINT",
	CommandRenameTable:       "RENAME_TABLE",
	CommandResetMaster:       "RESET_MASTER",
	CommandResetSlave:        "RESET_SLAVE",
	CommandReplace:           "REPLACE",
	CommandRevoke:            "REVOKE",
	CommandRollback:          "ROLLBACK",
	CommandRollbackSavepoint: "ROLLBACK_SAVEPOINT",
	CommandSavepoint:         "SAVEPOINT",
	CommandSelect:            "SELECT",
	CommandSelectForUpdate:   "SELECT_FOR_UPDATE",
	CommandSet:               "SET",
	CommandShowTableStatus:   "SHOW_TABLE_STATUS",
	CommandStartTransaction:  "START_TRANSACTION",
	CommandTruncateTable:     "TRUNCATE_TABLE",
	CommandUnlockTables:      "UNLOCK_TABLES",
	CommandUpdate:            "UPDATE",
	CommandUse:               "USE",
	CommandShow:              "SHOW",
	CommandUnknown:           "UNKNOWN",
}

// String returns upstream's name of the class, as SELECT_FOR_UPDATE.
func (c CommandClass) String() string {
	if int(c) >= len(commandNames) {
		return commandNames[CommandUnknown]
	}
	return commandNames[c]
}
