package mobileapi

import (
	"fmt"

	"liaison/access"
)

// tableWords say what is wrong in a cell.
var tableWords = map[string]words{
	"no_table":              {"la table est vide", "the table is empty"},
	"unreadable":            {"la ligne ne se lit pas comme du CSV", "the line cannot be read as CSV"},
	"unknown_column":        {"la colonne « %s » n’existe pas", "there is no column “%s”"},
	"missing_column":        {"cette colonne manque", "this column is missing"},
	"missing":               {"la case est vide ; un tiret dit « aucun droit »", "the cell is empty; a dash says “no right”"},
	"unknown_mask_class":    {"« %s » n’est pas une classe de masquage : ps, psocial ou pt", "“%s” is no mask class: ps, psocial or pt"},
	"unknown_right":         {"« %s » n’est pas un droit : r, w, a ou un tiret", "“%s” is no right: r, w, a or a dash"},
	"alert_without_reading": {"« %s » alerte sans donner à lire", "“%s” alerts without giving to read"},
	"twice":                 {"la ligne « %s » est là deux fois", "the row “%s” is there twice"},
	"unknown_speciality":    {"« %s » n’est pas une spécialité de cette profession", "“%s” is no speciality of this profession"},
	"unknown_document_type": {"« %s » n’est pas un type de document", "“%s” is no type of document"},
	"unknown_basis":         {"« %s » n’est pas un fondement : care_team_1, care_team_2, care_team_3, consent ou *", "“%s” is no basis: care_team_1, care_team_2, care_team_3, consent or *"},
	"unknown_fact":          {"« %s » n’est pas un fait : information, non_opposition ou consent", "“%s” is no fact: information, non_opposition or consent"},
	"unknown_category":      {"« %s » n’est pas une rubrique", "“%s” is no category"},
	"unknown_action":        {"« %s » n’est pas une action", "“%s” is no action"},
}

var tableNames = map[string]words{
	access.TableCategories: {"Table des rubriques", "Table of categories"},
	access.TableActions:    {"Table des actions", "Table of actions"},
	access.TablePolicy:     {"Table des fondements", "Table of policy"},
	access.TableExceptions: {"Table des exceptions", "Table of exceptions"},
}

// tableProblem says where in which table what is wrong.
func tableProblem(lang string, fault *access.TableFault) *Problem {
	p := newProblem(lang, "matrix_invalid")
	what := tableWords[fault.Code].in(lang)
	if fault.Value != "" {
		what = fmt.Sprintf(what, fault.Value)
	}
	where := words{"ligne %d", "line %d"}
	p.Detail = fmt.Sprintf("%s, "+where.in(lang), tableNames[fault.Table].in(lang), fault.Line)
	if fault.Column != "" {
		column := words{"colonne %s", "column %s"}
		p.Detail += ", " + fmt.Sprintf(column.in(lang), fault.Column)
	}
	p.Detail += map[bool]string{true: ": ", false: " : "}[lang == english] + what + "."
	p.Errors = []FieldError{{Field: fmt.Sprintf("%s.%d.%s", fault.Table, fault.Line, fault.Column), Code: fault.Code, Detail: p.Detail}}
	return p
}
