package words

import "slices"

// synonyms are what people of the trade write for one another; every member of a line finds the others.
var synonyms = [][]string{
	{"carnet", "cahier"},
	{"ta", "pa", "tension", "tension artérielle", "pression artérielle"},
	{"glycémie", "glycémie capillaire", "glucose", "dextro"},
	{"pouls", "fc", "fréquence cardiaque"},
	{"sat", "saturation", "spo2", "sao2"},
	{"fr", "fréquence respiratoire"},
	{"température", "temp"},
	{"médecin", "docteur", "dr", "généraliste"},
	{"infirmier", "infirmière", "ide", "idel"},
	{"kiné", "kinésithérapeute", "mk"},
	{"rdv", "rendez-vous"},
	{"ordonnance", "ordo", "prescription"},
	{"comprimé", "cp", "cpr"},
	{"traitement", "ttt"},
	{"avc", "accident vasculaire cérébral"},
	{"pilulier", "semainier"},
	{"prise de sang", "bilan sanguin", "pds"},
	{"oxygène", "o2"},
	{"hospitalisation", "hospitalisé", "hospit"},
	{"selles", "selle"},
}

// expression is a member of a group, as stems that follow one another.
type expression struct {
	stems []string
	group string
}

// expressions by their first stem.
var expressions = func() map[string][]expression {
	out := map[string][]expression{}
	for _, line := range synonyms {
		group := ""
		for _, member := range line {
			var e expression
			for _, t := range stemmed(member) {
				e.stems = append(e.stems, t.Term)
			}
			if group == "" {
				group = "=" + e.stems[0] // no stem has that sign
			}
			e.group = group
			out[e.stems[0]] = append(out[e.stems[0]], e)
		}
	}
	return out
}()

// single gives the group of a stem that has synonyms by itself, or the stem.
func single(stem string) string {
	for _, e := range expressions[stem] {
		if len(e.stems) == 1 {
			return e.group
		}
	}
	return stem
}

// expressionsAt gives the expressions that these words begin with.
func expressionsAt(tokens []Hit) []expression {
	var out []expression
	for _, e := range expressions[tokens[0].Term] {
		if len(e.stems) <= len(tokens) && slices.EqualFunc(e.stems, tokens[:len(e.stems)], func(s string, t Hit) bool { return s == t.Term }) {
			out = append(out, e)
		}
	}
	return out
}
