package wire

// Column is a column definition of a result set.
type Column struct {
	Schema   string
	Table    string // alias
	OrgTable string
	Name     string // alias
	OrgName  string
	Charset  uint16 // collation id
	Length   uint32 // display width
	Type     byte
	Flags    uint16
	Decimals byte
}

// TextColumn is a column as upstream's admin interface describes all of its: VAR_STRING, utf8, width 15, NOT NULL,
// 31 decimals.
func TextColumn(name string) Column {
	return Column{Name: name, Charset: CharsetUTF8, Length: 15, Type: TypeVarString, Flags: 1, Decimals: 31}
}

// Append implements Message.
func (d *Column) Append(b []byte) []byte {
	b = AppendText(b, "def")
	b = AppendText(b, d.Schema)
	b = AppendText(b, d.Table)
	b = AppendText(b, d.OrgTable)
	b = AppendText(b, d.Name)
	b = AppendText(b, d.OrgName)
	b = appendU16(append(b, 0x0c), d.Charset)
	b = appendU32(b, d.Length)
	b = appendU16(append(b, d.Type), d.Flags)
	return append(b, d.Decimals, 0, 0)
}

// Decode reads a column definition. What follows the fixed part (the default value in answers to COM_FIELD_LIST) is ignored.
func (d *Column) Decode(p []byte) error {
	c := cursor{b: p}
	c.text() // catalog, always "def"
	*d = Column{
		Schema: c.text(), Table: c.text(), OrgTable: c.text(), Name: c.text(), OrgName: c.text(),
	}
	if c.number() < 0x0c {
		c.fail()
	}
	d.Charset = c.u16()
	d.Length = c.u32()
	d.Type = c.u8()
	d.Flags = c.u16()
	d.Decimals = c.u8()
	return c.err("column definition")
}
