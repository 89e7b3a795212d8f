package professions

import "github.com/google/uuid"

// Person is a professional as he or she is shown to colleagues, wherever a name appears.
type Person struct {
	ID          uuid.UUID `json:"id"`
	DisplayName string    `json:"display_name"`
	FamilyName  string    `json:"family_name"`
	GivenName   string    `json:"given_name"`
	Gender      string    `json:"gender" enum:"F,M"`
	Title       *string   `json:"title"`
	Profession  Shown     `json:"profession"`
	// Speciality is left out of messages' authors.
	Speciality *SpecialityShown `json:"speciality,omitempty"`
	Town       *string          `json:"town"`
}

// Shown is a profession with its French words, in the person's gender.
type Shown struct {
	System string `json:"system"`
	Code   string `json:"code"`
	Label  string `json:"label"`
	Short  string `json:"short"`
}

// SpecialityShown is a speciality with its French words.
type SpecialityShown struct {
	Code  string `json:"code"`
	Label string `json:"label"`
}

// With is the person with her speciality, "" for none.
func (p Person) With(speciality string) Person {
	if speciality != "" {
		p.Speciality = &SpecialityShown{speciality, SpecialityIn("fr", speciality)}
	}
	return p
}

// NewPerson puts the words to a row of the directory. The display name carries the title, « Dr Hélène Baudry ».
func NewPerson(id uuid.UUID, family, given, gender string, title *string, system, code string, town *string) Person {
	p := Person{ID: id, FamilyName: family, GivenName: given, Gender: gender, Title: title, Town: town}
	p.DisplayName = given + " " + family
	if title != nil && *title != "" {
		p.DisplayName = *title + " " + p.DisplayName
	}
	p.Profession = Shown{system, code, Label(system, code, gender), Short(system, code)}
	return p
}
