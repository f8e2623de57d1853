package vrrpconf

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/keepsql/keepsql/confparse"
)

// number reads a whole number. Like keepalived it uses what stands before trailing garbage,
// reports what is out of range or no number at all, and leaves the default standing then; ok
// tells which.
func (b *builder) number(w confparse.Word, what string, least, most int) (n int, ok bool) {
	n, err := strconv.Atoi(b.leading(w, what, "0123456789"))
	if err != nil {
		b.warnf(w, CodeValue, "%s %q is not a whole number, ignored", what, w.Text)
		return 0, false
	}
	if n < least || n > most {
		b.warnf(w, CodeValue, "%s %d is not within %d and %d, ignored", what, n, least, most)
		return 0, false
	}
	return n, true
}

// leading is the part of a word that is a number, with a warning about the rest.
func (b *builder) leading(w confparse.Word, what, digits string) string {
	sign := len(w.Text) - len(strings.TrimLeft(w.Text, "+-"))
	rest := strings.TrimLeft(w.Text[sign:], digits)
	text := w.Text[:len(w.Text)-len(rest)]
	if len(text) > sign && rest != "" {
		b.warnf(w, CodeValue, "%s %q is taken as %s", what, w.Text, text)
	}
	return text
}

// seconds reads a decimal number of seconds, rounded to microseconds as keepalived does.
func (b *builder) seconds(w confparse.Word, what string, least, most time.Duration) (time.Duration, bool) {
	f, err := strconv.ParseFloat(b.leading(w, what, "0123456789."), 64)
	if err != nil {
		b.warnf(w, CodeValue, "%s %q is not a number of seconds, ignored", what, w.Text)
		return 0, false
	}
	if f < least.Seconds() || f > most.Seconds() {
		b.warnf(w, CodeValue, "%s %s is not within %s and %s seconds, ignored", what, w.Text, plain(least), plain(most))
		return 0, false
	}
	return time.Duration(math.Round(f*1e6)) * time.Microsecond, true
}

// plain is a time in seconds without an exponent.
func plain(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// boolean reads a switch. A bare keyword means on.
func (b *builder) boolean(k *confparse.Keyword) (on, ok bool) {
	if len(k.Args()) == 0 {
		return true, true
	}
	switch w := k.Args()[0]; w.Text {
	case "on", "true", "yes":
		return true, true
	case "off", "false", "no":
		return false, true
	default:
		b.warnf(w, CodeValue, "%s %q is neither on nor off, ignored", k.Name(), w.Text)
		return false, false
	}
}

// address reads an IP address without a prefix length.
func (b *builder) address(w confparse.Word, what string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(w.Text)
	if err != nil {
		b.warnf(w, CodeValue, "%s %q is not an address, ignored", what, w.Text)
		return netip.Addr{}, false
	}
	return a, true
}

// weight reads the words `N [reverse|noreverse]`.
func (b *builder) weight(words []confparse.Word, limit int) (n int, reverse, ok bool) {
	n, ok = b.number(words[0], "weight", -limit, limit)
	if !ok {
		return 0, false, false
	}
	for _, w := range words[1:] {
		switch w.Text {
		case "reverse":
			reverse = true
		case "noreverse":
			reverse = false
		default:
			b.warnf(w, CodeValue, "%q after a weight is ignored", w.Text)
		}
	}
	return n, reverse, true
}

// user reads the words `USER [GROUP]`.
func user(words []confparse.Word) User {
	var u User
	if len(words) > 0 {
		u.Name = words[0].Text
	}
	if len(words) > 1 {
		u.Group = words[1].Text
	}
	return u
}

// The checks below are for keywords without effect here, whose values can be wrong all the same.

func checkInt[T any](least, most int) func(*builder, *T, *confparse.Keyword) {
	return func(b *builder, _ *T, k *confparse.Keyword) { b.number(k.Args()[0], k.Name(), least, most) }
}

func checkFlag[T any](b *builder, _ *T, k *confparse.Keyword) { b.boolean(k) }

// deprecated is for keywords that have been replaced by another.
func deprecated[T any](instead string) func(*builder, *T, *confparse.Keyword) {
	return func(b *builder, _ *T, k *confparse.Keyword) {
		b.warnf(k.Words[0], CodeDeprecated, "%s is deprecated: write %s", k.Name(), instead)
	}
}

// The setters below make a rule out of a field.

func setFlag[T any](field func(*T) *bool) func(*builder, *T, *confparse.Keyword) {
	return func(b *builder, t *T, k *confparse.Keyword) {
		if on, ok := b.boolean(k); ok {
			*field(t) = on
		}
	}
}

// setOn is for keywords without a value; surplus words mean nothing to keepalived either.
func setOn[T any](field func(*T) *bool) func(*builder, *T, *confparse.Keyword) {
	return func(_ *builder, t *T, _ *confparse.Keyword) { *field(t) = true }
}

func setInt[T any](least, most int, field func(*T) *int) func(*builder, *T, *confparse.Keyword) {
	return func(b *builder, t *T, k *confparse.Keyword) {
		if n, ok := b.number(k.Args()[0], k.Name(), least, most); ok {
			*field(t) = n
		}
	}
}

func setSeconds[T any](least, most time.Duration, field func(*T) *time.Duration) func(*builder, *T, *confparse.Keyword) {
	return func(b *builder, t *T, k *confparse.Keyword) {
		if d, ok := b.seconds(k.Args()[0], k.Name(), least, most); ok {
			*field(t) = d
		}
	}
}

func setText[T any](field func(*T) *string) func(*builder, *T, *confparse.Keyword) {
	return func(_ *builder, t *T, k *confparse.Keyword) { *field(t) = k.Args()[0].Text }
}
