package sqliteserver

import "bytes"

// nullDefault stands for "no default value" at the end of a column definition in an answer to COM_FIELD_LIST.
const nullDefault = 0xfb

// fieldList answers COM_FIELD_LIST, by which the mysql client learns names to complete: definitions without a count.
func (s *session) fieldList(arg []byte) error {
	table, _, _ := bytes.Cut(arg, []byte{0})
	db, err := s.database()
	if err != nil {
		return s.out.Error(sqlError(err))
	}
	stmt, _, err := db.Prepare("SELECT * FROM " + quoteName(string(table)))
	if err != nil {
		return s.out.Error(sqlError(err))
	}
	defer stmt.Close()
	for _, c := range s.columns(stmt) {
		if err := s.conn.EndPacket(append(c.Append(s.conn.StartPacket()), nullDefault)); err != nil {
			return err
		}
	}
	return s.out.End(s.status(), 0)
}
