package proof

import "strings"

// otherPolicy makes places wait for facts: of any basis or one, of anybody or somebody, for some categories or all of them.
func (d dice) otherPolicy() string {
	out := []string{"basis,system,code,needs,categories"}
	lines := strings.Split(strings.TrimSpace(defaultCategories), "\n")[1:]
	for range d.IntN(5) {
		p, categories := Profession{"*", "*"}, "*"
		if d.chance(80) {
			cells := strings.Split(pick(d, lines), ",")
			p = d.named(Profession{cells[0], cells[1]})
		}
		if d.chance(75) {
			categories = pick(d, Categories) + " " + pick(d, Categories)
		}
		out = addOnce(out, strings.Join([]string{
			pick(d, []string{"*", "consent", "care_team_1", "care_team_3", "care_team_3"}), p.System, p.Code,
			pick(d, []string{"information", "non_opposition", "consent"}), categories,
		}, ","))
	}
	return strings.Join(out, "\n") + "\n"
}

// arenaPolicy is the one a territory starts with, and nurses wait for a non-opposition to read social matters.
var arenaPolicy = defaultPolicy + "*,TRE_G15,60,non_opposition,social\n"
