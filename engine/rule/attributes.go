package rule

import (
	"encoding/json"
	"fmt"
)

// flagChoice is a weighted choice between flags.
type flagChoice struct {
	flags   []int
	upTo    []uint32 // running sums of the weights
	total   uint32
	pickOne func(n uint32) uint32
}

// maxWeight bounds a single weight and their sum.
const maxWeight = 1<<31 - 1

// parseAttributes reads {"flagOUTs":[{"id":n,"weight":w},...]}. It returns nil if
// there is no such key or all weights are 0. Other keys are ignored.
func parseAttributes(text string, pick func(uint32) uint32) (*flagChoice, error) {
	if text == "" {
		return nil, nil
	}
	var attributes struct {
		FlagOUTs []struct {
			ID     *int `json:"id"`
			Weight *int `json:"weight"`
		} `json:"flagOUTs"`
	}
	if err := json.Unmarshal([]byte(text), &attributes); err != nil {
		return nil, err
	}
	c := &flagChoice{pickOne: pick}
	for i, f := range attributes.FlagOUTs {
		if f.ID == nil || f.Weight == nil || *f.ID < 0 || *f.Weight < 0 || *f.Weight > maxWeight-int(c.total) {
			return nil, fmt.Errorf("flagOUTs[%d]: want id and weight, not negative", i)
		}
		if *f.Weight > 0 {
			c.total += uint32(*f.Weight)
			c.flags, c.upTo = append(c.flags, *f.ID), append(c.upTo, c.total)
		}
	}
	if c.total == 0 {
		return nil, nil
	}
	return c, nil
}

func (c *flagChoice) pick() int {
	n := c.pickOne(c.total)
	for i, end := range c.upTo {
		if n < end {
			return c.flags[i]
		}
	}
	return c.flags[len(c.flags)-1]
}
