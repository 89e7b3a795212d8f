package proof

import "strings"

// formerCodes are those that the national tables replaced, as the tables say: aides-soignants, ambulanciers, auxiliaires de puériculture,
// préparateurs, psychologues, conseillers en génétique and the professions of social work became roles or moved to another table.
var formerCodes = readFormer(`
TRE_G15 35 TRE_R85 313
TRE_G15 36 TRE_R85 314
TRE_G15 37 TRE_R85 315
TRE_G15 38 TRE_R85 316
TRE_G15 39 TRE_R85 317
TRE_G15 93 TRE_R95 93
TRE_R95 97 TRE_R85 329
TRE_R94 42 TRE_R85 318
TRE_R94 43 TRE_R85 319
TRE_R94 44 TRE_R85 320
TRE_R94 45 TRE_R85 321
TRE_R94 46 TRE_R85 322
TRE_R94 47 TRE_R85 323
TRE_R94 48 TRE_R85 324
TRE_R94 49 TRE_R85 325
TRE_R94 51 TRE_R85 326
TRE_R94 52 TRE_R85 327
TRE_R94 53 TRE_R85 328
TRE_R85 350 TRE_R85 372`)

func readFormer(table string) map[Profession]Profession {
	out := map[Profession]Profession{}
	for line := range strings.Lines(strings.TrimSpace(table)) {
		f := strings.Fields(line)
		out[Profession{f[0], f[1]}] = Profession{f[2], f[3]}
	}
	return out
}

// today is the code that counts for one that was replaced.
func (p Profession) today() Profession {
	if now, replaced := formerCodes[p]; replaced {
		return now
	}
	return p
}

// before gives a code that this one replaced, if there is any.
func (p Profession) before() (Profession, bool) {
	for was, now := range formerCodes {
		if now == p {
			return was, true
		}
	}
	return p, false
}

// of gives a person's profession by the code that counts today.
func (c Circle) of(person string) Profession { return c.Professions[person].today() }

// linesOf are the lines of a profession: those written of the code that counts; where there is none, of the code it replaced.
func (m Matrix) linesOf(p Profession) []map[string]string {
	p = p.today()
	if lines := m.rows[p]; len(lines) > 0 {
		return lines
	}
	was, _ := p.before()
	return m.rows[was]
}
