package wire

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
)

// Stage1Size is the length of the SHA1 of a password, in bytes.
const Stage1Size = sha1.Size

// nativeResponse answers a mysql_native_password challenge. stage1 is SHA1(password); who knows it needs no password.
func nativeResponse(stage1 []byte, challenge []byte) []byte {
	stage2 := sha1.Sum(stage1)
	r := nativeMask(challenge, stage2[:])
	subtle.XORBytes(r[:], r[:], stage1)
	return r[:]
}

// nativeStage1 checks a response against the stored SHA1(SHA1(password)) and returns the SHA1(password) it proves.
func nativeStage1(response, stage2, challenge []byte) ([]byte, bool) {
	if len(response) != sha1.Size {
		return nil, false
	}
	stage1 := nativeMask(challenge, stage2)
	subtle.XORBytes(stage1[:], stage1[:], response)
	sum := sha1.Sum(stage1[:])
	return stage1[:], subtle.ConstantTimeCompare(sum[:], stage2) == 1
}

func nativeMask(challenge, stage2 []byte) [sha1.Size]byte {
	return sha1.Sum(append(append(make([]byte, 0, 2*sha1.Size), challenge...), stage2...))
}

// sha2Response answers the fast path of a caching_sha2_password challenge.
func sha2Response(password string, challenge []byte) []byte {
	stage1 := sha256.Sum256([]byte(password))
	stage2 := sha256.Sum256(stage1[:])
	mask := sha256.Sum256(append(append(make([]byte, 0, 2*sha256.Size), stage2[:]...), challenge...))
	subtle.XORBytes(mask[:], mask[:], stage1[:])
	return mask[:]
}

// storedForm is how a password is written in a users table.
type storedForm byte

const (
	storedEmpty  storedForm = iota
	storedPlain             // the password itself
	storedNative            // "*" and 40 hex digits: SHA1(SHA1(password))
	storedSHA2              // "$A$005$", 20 bytes of salt, 43 characters: SHA256-crypt
)

const (
	sha2Prefix     = "$A$"
	sha2SaltStart  = len("$A$005$")
	sha2HashStart  = sha2SaltStart + 20
	sha2StoredSize = sha2HashStart + 43
)

// formOf recognises a stored password as upstream does: what is no complete hash is a plain password.
func formOf(stored string) storedForm {
	switch {
	case stored == "":
		return storedEmpty
	case len(stored) == 41 && stored[0] == '*' && nativeStage2(stored) != nil:
		return storedNative
	case len(stored) == sha2StoredSize && stored[:len(sha2Prefix)] == sha2Prefix && sha2Rounds(stored) > 0:
		return storedSHA2
	}
	return storedPlain
}

// nativeStage2 decodes a storedNative password; nil if it is none.
func nativeStage2(stored string) []byte {
	b, err := hex.DecodeString(stored[1:])
	if err != nil {
		return nil
	}
	return b
}

// sha2Rounds reads the cost of a storedSHA2 password: three hexadecimal digits, thousands of rounds; 0 if it has none.
func sha2Rounds(stored string) int {
	n := 0
	for _, d := range stored[len(sha2Prefix) : sha2SaltStart-1] {
		switch {
		case d >= '0' && d <= '9':
			n = n<<4 | int(d-'0')
		case d >= 'A' && d <= 'F':
			n = n<<4 | int(d-'A'+10)
		default:
			return 0
		}
	}
	if stored[sha2SaltStart-1] != '$' {
		return 0
	}
	return n * 1000
}

// CheckPassword reports whether password is the one a users table stores as stored, in any of its forms.
func CheckPassword(password, stored string) bool {
	switch formOf(stored) {
	case storedNative:
		stage1 := sha1.Sum([]byte(password))
		stage2 := sha1.Sum(stage1[:])
		return subtle.ConstantTimeCompare(stage2[:], nativeStage2(stored)) == 1
	case storedSHA2:
		hash := sha256Crypt(password, stored[sha2SaltStart:sha2HashStart], sha2Rounds(stored))
		return subtle.ConstantTimeCompare(hash, []byte(stored[sha2HashStart:])) == 1
	}
	return subtle.ConstantTimeCompare([]byte(password), []byte(stored)) == 1
}
