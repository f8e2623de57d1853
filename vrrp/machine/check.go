package machine

// Check turns the results of a script into a verdict. One counter stands between 0 and
// Rise+Fall−1; the script is good from Rise upwards.
type Check struct {
	rise, fall int
	count      int
	known      bool
}

// NewCheck makes the counter of a script with these numbers, both at least 1. The first
// result decides at once, whatever they are. With initFail the script counts as bad until it
// has succeeded rise times in a row.
func NewCheck(rise, fall int, initFail bool) *Check {
	c := &Check{rise: max(rise, 1), fall: max(fall, 1)}
	c.count = c.rise - 1
	if initFail {
		c.known, c.count = true, 0
	}
	return c
}

// Known tells whether there is a verdict.
func (c *Check) Known() bool { return c.known }

// Up is the verdict; false while none is known.
func (c *Check) Up() bool { return c.known && c.count >= c.rise }

// Result digests one run. changed tells that Up or Known is different from before.
func (c *Check) Result(ok bool) (changed bool) {
	was, known := c.Up(), c.known
	switch {
	case !known && ok:
		c.count = c.rise + c.fall - 1
	case !known:
		c.count = 0
	case ok && c.count < c.rise-1:
		c.count++
	case ok:
		c.count = c.rise + c.fall - 1
	case c.count > c.rise:
		c.count--
	default:
		c.count = 0
	}
	c.known = true
	return !known || c.Up() != was
}
