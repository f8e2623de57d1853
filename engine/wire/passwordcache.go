package wire

import "sync"

// PasswordCache remembers clear passwords that were proved by a full caching_sha2_password login, so that later logins of
// the same user take the fast path and logins to servers are possible. An entry counts only for the stored password it was
// proved against. It is safe for concurrent use; nil is a cache that remembers nothing.
type PasswordCache struct {
	mu    sync.Mutex // guards known
	known map[string]provenPassword
}

type provenPassword struct {
	stored, password string
}

// Get returns the clear password of user if it is known for this stored form.
func (p *PasswordCache) Get(user, stored string) (string, bool) {
	if p == nil {
		return "", false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.known[user]
	if !ok || e.stored != stored {
		return "", false
	}
	return e.password, true
}

// Put remembers a proved password, one per user.
func (p *PasswordCache) Put(user, stored, password string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = make(map[string]provenPassword)
	}
	p.known[user] = provenPassword{stored: stored, password: password}
}

// Clear forgets everything.
func (p *PasswordCache) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = nil
}
