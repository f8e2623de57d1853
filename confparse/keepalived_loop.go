package confparse

import (
	"fmt"
	"strconv"
	"strings"
)

// loop processes a line that begins with ~SEQ(…), ~SEQx(…) or ~LST(…) once per round. The loop
// variables are parameters like any other, and keep their last value.
func (p *parser) loop(line text, depth int) bool {
	kind := ""
	for _, k := range []string{"~SEQx", "~SEQ", "~LST"} {
		if strings.HasPrefix(line.s, k) {
			kind = k
			break
		}
	}
	open := strings.TrimLeft(line.s[len(kind):], blanks)
	if kind == "" || open == "" || open[0] != '(' {
		return false
	}
	start := len(line.s) - len(open) + 1
	end := strings.IndexByte(open, ')')
	if end < 0 {
		p.errorText(line, CodeLoop, "%s is not closed, ')' is missing", kind)
		return true
	}
	end += start - 1
	args, _ := p.substitute(line.slice(start, end), 0)
	var names []string
	var rounds [][]string
	var err error
	if kind == "~LST" {
		names, rounds, err = listRounds(args.s)
	} else {
		names, rounds, err = seqRounds(args.s, kind == "~SEQx")
	}
	if err != nil {
		p.errorWord(line, 0, end+1, CodeLoop, "", "read %s: %v", kind, err)
		return true
	}
	body := line.slice(end+1, len(line.s)).trim()
	for _, round := range rounds {
		for i, name := range names {
			p.params[name] = param{lines: []text{line.at(0, round[i])}}
		}
		if !p.spend(body) {
			break
		}
		p.process(body, false, depth+1)
	}
	return true
}

// seqRounds reads `var, start, step, end`, with step or start and step left out. Without a
// step it is 1 towards the end; without a start, counting begins at 1, or at -1
// towards a negative end. Numbers are as in C; hex only selects how they are written out.
func seqRounds(args string, hex bool) (names []string, rounds [][]string, err error) {
	parts := strings.Split(args, ",")
	if len(parts) < 2 || len(parts) > 4 {
		return nil, nil, fmt.Errorf("want var, start, step, end; got %d of them", len(parts))
	}
	name := strings.Trim(parts[0], blanks)
	if paramLen(name) != len(name) || name == "" {
		return nil, nil, fmt.Errorf("%q is no parameter name", name)
	}
	numbers := make([]int64, len(parts)-1)
	for i, part := range parts[1:] {
		part = strings.Trim(part, blanks)
		if numbers[i], err = strconv.ParseInt(part, 0, 32); err != nil || strings.Contains(part, "_") {
			return nil, nil, fmt.Errorf("%q is no number", part)
		}
	}
	end := numbers[len(numbers)-1]
	start := int64(1)
	if end < 0 {
		start = -1
	}
	if len(numbers) > 1 {
		start = numbers[0]
	}
	step := int64(1)
	if end < start {
		step = -1
	}
	if len(numbers) == 3 {
		step = numbers[1]
	}
	if step == 0 || (step > 0) != (end >= start) && start != end {
		return nil, nil, fmt.Errorf("step %d never leads from %d to %d", step, start, end)
	}
	count := (end-start)/step + 1
	if count > maxExpanded {
		return nil, nil, fmt.Errorf("%d rounds are more than %d", count, maxExpanded)
	}
	for i := range count {
		base := 10
		if hex {
			base = 16
		}
		rounds = append(rounds, []string{strconv.FormatInt(start+i*step, base)})
	}
	return []string{name}, rounds, nil
}

// listRounds reads `var, value, …`, or `{var, …}, {value, …}, …` for several variables. A
// set may be shorter than the names: the rest is empty.
func listRounds(args string) (names []string, rounds [][]string, err error) {
	sets, err := splitSets(args)
	if err != nil {
		return nil, nil, err
	}
	if len(sets) < 2 {
		return nil, nil, fmt.Errorf("want names and at least one value")
	}
	names = sets[0]
	for _, name := range names {
		if paramLen(name) != len(name) || name == "" {
			return nil, nil, fmt.Errorf("%q is no parameter name", name)
		}
	}
	for _, set := range sets[1:] {
		if len(set) > len(names) {
			return nil, nil, fmt.Errorf("%d values for %d names", len(set), len(names))
		}
		for len(set) < len(names) {
			set = append(set, "")
		}
		rounds = append(rounds, set)
	}
	return names, rounds, nil
}

// splitSets splits at the commas outside braces, and what is in braces at its commas.
func splitSets(args string) ([][]string, error) {
	var sets [][]string
	for rest := args; ; {
		rest = strings.TrimLeft(rest, blanks)
		var item string
		var more bool
		if strings.HasPrefix(rest, "{") {
			end := strings.IndexByte(rest, '}')
			if end < 0 {
				return nil, fmt.Errorf("'}' is missing")
			}
			var set []string
			for _, v := range strings.Split(rest[1:end], ",") {
				set = append(set, strings.Trim(v, blanks))
			}
			sets = append(sets, set)
			item, rest, more = strings.Cut(rest[end+1:], ",")
			if strings.Trim(item, blanks) != "" {
				return nil, fmt.Errorf("want ',' after '}', got %q", item)
			}
		} else {
			item, rest, more = strings.Cut(rest, ",")
			sets = append(sets, []string{strings.Trim(item, blanks)})
		}
		if !more {
			break
		}
	}
	for _, set := range sets {
		for _, v := range set {
			if strings.ContainsAny(v, blanks+`"`) {
				return nil, fmt.Errorf("value %q holds a blank or a quote", v)
			}
		}
	}
	return sets, nil
}
