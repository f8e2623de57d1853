package digest_test

import (
	"bytes"
	"testing"

	"github.com/keepsql/keepsql/engine/digest"
)

// FuzzAppend: no query and no options panic, the text keeps its bounds, the
// comment its own, and the answer depends on nothing else.
func FuzzAppend(f *testing.F) {
	for _, query := range typical {
		f.Add([]byte(query), uint8(0), uint16(65000), uint16(2048))
	}
	f.Add([]byte("/*!40101 SET a='1' */ -- x\n# y\nSELECT 'a\\'b', \"c\"\"d\", 0x1F, 1e-5, -1, `n1`, NULL"), uint8(0xFF), uint16(40), uint16(20))
	f.Add([]byte("a ( , ) , ( - ) ? , ? * ? + 1.5e-5 , (1,2,3,4,5),(1,2,3,4,5) -- c\n - 1 ; "), uint8(0x14), uint16(22), uint16(64))
	f.Fuzz(func(t *testing.T, query []byte, flags uint8, maxQuery, maxDigest uint16) {
		o := digest.Options{
			Lowercase: flags&1 != 0, ReplaceNull: flags&2 != 0, NoDigits: flags&4 != 0, KeepComment: flags&8 != 0,
			GroupingLimit: 1 + int(flags>>4&3), GroupsGroupingLimit: int(flags >> 6),
			MaxQueryLength: int(maxQuery), MaxDigestLength: int(maxDigest),
		}
		before := bytes.Clone(query)
		text, comment := new(digest.Digester).Append(nil, query, &o)
		if most := min(len(query), o.MaxQueryLength, o.MaxDigestLength); len(text) > most {
			t.Errorf("text of %q has %d bytes, at most %d are allowed", query, len(text), most)
		}
		if len(comment) > min(len(query), 1021) {
			t.Errorf("first comment of %q has %d bytes", query, len(comment))
		}
		if !bytes.Equal(before, query) {
			t.Errorf("query was changed from %q to %q", before, query)
		}
		digest.Class(text)
		digest.Hash(text, &o)
	})
}
