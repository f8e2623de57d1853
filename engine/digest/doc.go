// Package digest reduces a statement to its digest: the text with literals
// replaced by '?', the 64-bit hash of that text, and the class of command it is.
// Texts and hashes are ProxySQL 2.7's, byte for byte, because rules, dashboards
// and cluster peers refer to them.
//
// Data flow of Digester.Append:
//
//  1. scan.go, literal.go, comment.go: one walk over the query. Literals become
//     marks, comments go (the first block comment is kept aside), white space
//     shrinks to single blanks.
//  2. tidy.go: blanks beside brackets, commas and operators go, and so do signs
//     of numbers.
//  3. collapse.go: long lists of marks are abbreviated to "?,?,?,...", then long
//     rows of such lists.
//  4. A text that was full before 2 and 3 and no longer is goes back to 1.
//  5. Trailing blanks and semicolons go, the text is cut to its stored length.
//
// Three rules of the scan decide most surprises. A number begins at a digit whose
// previous byte is not a word byte; "previous" is the last byte of the query that
// counted: none at the start and after a string, ' ' after a comment, '?' after a
// number. Backticks mean nothing. Backslash always escapes a quote.
//
// The package does not know the grammar of SQL, sessions, rules or statistics.
package digest
