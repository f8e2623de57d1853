package proxy

import (
	"strconv"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/engine/rule"
)

// columns reads the cells of one row by column name. Columns are mostly asked for in the order they stand in, so the search
// begins behind the last one found: tables of 50 000 rows are read this way.
type columns struct {
	names []string
	next  int
	row   schema.Row
}

// eachRow calls f for every row of a table.
func eachRow(rows *schema.Rows, f func(*columns)) {
	c := &columns{names: rows.Columns}
	for _, c.row = range rows.Rows {
		f(c)
	}
}

// cell gives a column; one that the table does not have is NULL.
func (c *columns) cell(name string) schema.Cell {
	for range c.names {
		if c.next >= len(c.names) {
			c.next = 0
		}
		c.next++
		if c.names[c.next-1] == name {
			return c.row[c.next-1]
		}
	}
	return schema.Null
}

func (c *columns) text(name string) string { return c.cell(name).Text }

// number reads a column that the table's CHECKs keep a number; anything else is 0.
func (c *columns) number(name string) int {
	n, _ := strconv.Atoi(c.text(name))
	return n
}

func (c *columns) flag(name string) bool { return c.number(name) != 0 }

func (c *columns) nullText(name string) rule.Null[string] {
	cell := c.cell(name)
	return rule.Null[string]{V: cell.Text, Valid: !cell.Null}
}

func (c *columns) nullNumber(name string) rule.Null[int] {
	cell := c.cell(name)
	if cell.Null {
		return rule.Null[int]{}
	}
	return rule.Null[int]{V: c.number(name), Valid: true}
}

// readRules turns the runtime of mysql_query_rules into rows to compile.
func readRules(s *layers.Snapshot) ([]rule.Row, []rule.FastRow) {
	var rows []rule.Row
	var fast []rule.FastRow
	table := s.Runtime["mysql_query_rules"]
	rows = make([]rule.Row, 0, len(table.Rows))
	eachRow(table, func(c *columns) { rows = append(rows, readRule(c)) })
	eachRow(s.Runtime["mysql_query_rules_fast_routing"], func(c *columns) {
		fast = append(fast, rule.FastRow{
			Username: c.text("username"), Schemaname: c.text("schemaname"), FlagIN: c.number("flagIN"),
			DestinationHostgroup: c.number("destination_hostgroup"), Comment: c.text("comment"),
		})
	})
	return rows, fast
}

func readRule(c *columns) rule.Row {
	return rule.Row{
		RuleID: c.number("rule_id"), Active: true, // the runtime holds active rules only
		Username: c.nullText("username"), Schemaname: c.nullText("schemaname"), FlagIN: c.number("flagIN"),
		ClientAddr: c.nullText("client_addr"), ProxyAddr: c.nullText("proxy_addr"), ProxyPort: c.nullNumber("proxy_port"),
		Digest: c.nullText("digest"), MatchDigest: c.nullText("match_digest"), MatchPattern: c.nullText("match_pattern"),
		NegateMatchPattern: c.flag("negate_match_pattern"), ReModifiers: c.nullText("re_modifiers"),
		FlagOUT: c.nullNumber("flagOUT"), ReplacePattern: c.nullText("replace_pattern"),
		DestinationHostgroup: c.nullNumber("destination_hostgroup"), CacheTTL: c.nullNumber("cache_ttl"),
		CacheEmptyResult: c.nullNumber("cache_empty_result"), CacheTimeout: c.nullNumber("cache_timeout"),
		Reconnect: c.nullNumber("reconnect"), Timeout: c.nullNumber("timeout"), Retries: c.nullNumber("retries"),
		Delay: c.nullNumber("delay"), NextQueryFlagIN: c.nullNumber("next_query_flagIN"),
		MirrorFlagOUT: c.nullNumber("mirror_flagOUT"), MirrorHostgroup: c.nullNumber("mirror_hostgroup"),
		ErrorMsg: c.nullText("error_msg"), OKMsg: c.nullText("OK_msg"), StickyConn: c.nullNumber("sticky_conn"),
		Multiplex: c.nullNumber("multiplex"), GtidFromHostgroup: c.nullNumber("gtid_from_hostgroup"),
		Log: c.nullNumber("log"), Apply: c.flag("apply"), Attributes: c.text("attributes"), Comment: c.nullText("comment"),
	}
}
