package proof

import (
	"slices"
	"strings"
	"time"
)

// someTypes are the types of documents that worlds know: two that the default matrix takes from some, two that it does not.
var someTypes = []string{"68599-0", "83901-9", "11488-4", "34112-3"}

// specialitiesOf are those that people of worlds have.
var specialitiesOf = map[Profession][]string{
	{"TRE_G15", "10"}: {"SM42", "SM18"}, {"TRE_G15", "60"}: {"SI04"}, {"TRE_G15", "40"}: {"SCD01"},
}

// specialised writes lines of a table again for a speciality, with other cells; some tables keep their columns.
func (d dice) specialised(table string) string {
	if d.chance(30) {
		return table
	}
	var out []string
	for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
		if i == 0 {
			out = append(out, line+",speciality")
			continue
		}
		out = append(out, line+",")
		cells := strings.Split(line, ",")
		codes := specialitiesOf[Profession{cells[0], cells[1]}]
		if codes == nil || d.chance(30) {
			continue
		}
		for j := 5; j < len(cells); j++ {
			cells[j] = pick(d, []string{"-", "-", "r", "w", "rw", "ra", "rwa"})
		}
		cells[4] = pick(d, []string{"ps", "psocial", "pt"})
		out = append(out, strings.Join(append(cells, pick(d, codes)), ","))
	}
	return strings.Join(out, "\n") + "\n"
}

// otherExceptions take types from anybody, somebody, by codes of today and former ones, at seats and at any.
func (d dice) otherExceptions() string {
	out := []string{"document_type,system,code,seat"}
	lines := strings.Split(strings.TrimSpace(defaultCategories), "\n")[1:]
	for range d.IntN(30) {
		cells := strings.Split(pick(d, lines), ",")
		p := d.named(Profession{cells[0], cells[1]})
		if d.chance(8) {
			p = Profession{"*", "*"}
		}
		seat := "*"
		if d.chance(40) {
			seat = pick(d, append([]string{"remplacant", "secretariat"}, Seats...))
		}
		out = addOnce(out, strings.Join([]string{pick(d, someTypes), p.System, p.Code, seat}, ","))
	}
	return strings.Join(out, "\n") + "\n"
}

// The tables of an arena: those a territory starts with, lines for two specialities, and exceptions that hit whom worlds are made of.
var (
	arenaCategories = withLines(defaultCategories, ",speciality", ",",
		"TRE_G15,10,*,Psychiatre,ps,r,r,-,rwa,r,-,-,r,rw,SM42",
		"TRE_G15,10,medecin_traitant,Gériatre traitant,psocial,rwa,rw,r,-,rwa,rwa,r,rw,rwa,SM18",
		"TRE_G15,60,*,Infirmier en pratique avancée santé mentale,ps,rw,r,rw,rwa,-,r,-,r,rwa,SI04")
	arenaExceptions = withLines(defaultExceptions, "", "",
		"11488-4,TRE_G15,10,*", "11488-4,TRE_R85,350,*", "34112-3,*,*,intervenant", "34112-3,TRE_G15,60,remplacant", "83901-9,TRE_G15,21,*")
)

// withLines adds a column and lines to a table.
func withLines(table, header, cell string, lines ...string) string {
	out := []string{}
	for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
		if i == 0 {
			out = append(out, line+header)
		} else {
			out = append(out, line+cell)
		}
	}
	return strings.Join(append(out, lines...), "\n") + "\n"
}

// legislate publishes the arena's tables, before anybody stands anywhere.
func (a *arena) legislate() {
	_, err := a.owner.Exec(a.Context(), `insert into matrices (version, categories, actions, exceptions, policy, comment)
		select max(version) + 1, $1, $2, $3, $4, 'essai' from matrices`, arenaCategories, defaultActions, arenaExceptions, arenaPolicy)
	a.must(err)
}

// specialise gives some people a speciality.
func (a *arena) specialise(d dice) {
	for _, p := range a.stock {
		if codes := specialitiesOf[p.profession]; codes != nil && d.chance(60) {
			p.speciality = pick(d, codes)
		}
	}
}

// agreeTypes: a message carries the types of the documents that were sent with it, whatever became of it, and no other.
func (w *world) agreeTypes(t *truth) {
	sent := map[string][]string{}
	for _, d := range t.filed {
		if f := w.fileOf(d.id); d.message != "" && f.kind != "" {
			sent[d.message] = addOnce(sent[d.message], f.kind)
		}
	}
	for _, k := range t.kept {
		w.check(sameSet(k.Types, sent[k.ID]), "%s carries %v, it was posted with %v", k.ID, k.Types, sent[k.ID])
		if len(k.Types) > 0 {
			w.meet("typed")
		}
	}
}

// askTyped asks who would read a message with a document of each type.
func (f *faces) askTyped(p *person, t *truth, r Rights, at time.Time) {
	for _, kind := range someTypes {
		f.askAudience(p, t, r, Message{Author: p.id, Category: pick(f.dice, r.Writes), At: at, Types: []string{kind}})
	}
	f.askAudience(p, t, r, Message{Author: p.id, Category: pick(f.dice, r.Writes), At: at, Types: slices.Clone(someTypes)})
}
