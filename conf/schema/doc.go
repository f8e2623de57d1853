// Package schema is what an operator can set, as tables: the SQL tables of the admin
// interface, the variables, and the modules that both are grouped into.
//
//  1. sql/*.sql hold the definitions of the tables, upstream's text; twins (disk, runtime_, _reset) are made of them;
//     Tables and Lookup read them once and give names, columns, defaults and keys;
//  2. variables_table.go holds every variable with type, default and range;
//  3. Modules says which tables and variables are loaded, versioned and synced as one,
//     and what the module is called in commands, logs and checksums.
//
// It also has the one representation of rows that passes between the layers, the cluster
// and the engine: text cells that may be NULL, as SQLite and the MySQL text protocol have
// them. It holds no values and opens no database.
package schema
