package mobileapi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/doctypes"
	"liaison/professions"
	"liaison/teams"
)

// Explanation is whether one person reads a message now, and why, step by step up to the first that refuses.
type Explanation struct {
	Professional professions.Person `json:"professional"`
	Seats        []string           `json:"seats"`
	Reads        bool               `json:"reads"`
	Chain        []ExplanationStep  `json:"chain"`
}

// ExplanationStep is one rule, and a sentence in the asker's language.
type ExplanationStep struct {
	Step   string `json:"step" enum:"identity,seat,through,rule,consent,opposition,history,masks,audience,document_type,author,unspeakable"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

func (a *API) explainMessage(ctx context.Context, in *InMessage) (*answer[page[Explanation]], error) {
	category, found, err := a.cfg.Teams.Explain(ctx, actorIn(ctx), in.Message)
	items := make([]Explanation, len(found))
	for i, one := range found {
		items[i] = explained(langIn(ctx), one, category)
	}
	return answered(wholeList(items), err)
}

func explained(lang string, e teams.Explained, category string) Explanation {
	out := Explanation{Professional: e.Professional, Seats: e.Seats, Reads: e.Reads, Chain: []ExplanationStep{}}
	for _, link := range e.Links {
		out.Chain = append(out.Chain, ExplanationStep{link.Code, link.OK, sentenceOf(lang, link, e, category)})
	}
	return out
}

// chainWords are the sentences of each link: where it lets pass, and where it refuses.
var chainWords = map[string]struct{ ok, no words }{
	access.LinkIdentity: {
		words{"Profession : %s.", "Profession: %s."},
		words{"Sa profession (%s) n’est pas dans la matrice d’habilitation : elle ne donne accès à rien.", "This profession (%s) is not in the authorisation matrix: it gives access to nothing."},
	},
	access.LinkSeat: {
		words{"A une place dans le cercle de soins depuis le %s : %s.", "Has a place in the care team since %s: %s."},
		words{"N’a pas de place dans le cercle de soins", "Has no place in the care team"},
	},
	access.LinkRule: {
		words{"La matrice (version %d) lui donne la rubrique %s à lire.", "The matrix (version %d) gives the category %s to read."},
		words{"La matrice (version %d) ne lui donne pas la rubrique %s à lire.", "The matrix (version %d) does not give the category %s to read."},
	},
	access.LinkThrough: {
		words{"Agit %s.", "Acts %s."},
		words{"Agit %s, et n’a rien de plus.", "Acts %s, and has nothing more."},
	},
	access.LinkConsent: {
		words{"Ni information, ni consentement ne manque.", "Neither information nor consent is missing."},
		words{"Il faut le consentement du patient, qui n’est pas recueilli.", "The patient’s consent is needed and has not been given."},
	},
	access.LinkOpposition: {
		words{"Le patient ne s’y oppose pas.", "The patient does not object."},
		words{"Le patient s’y oppose.", "The patient objects to it."},
	},
	access.LinkHistory: {
		words{"La note est dans la période qui lui est ouverte.", "The note is within the time this person may see."},
		words{"La note est antérieure au %s : sa place ne donne accès qu’à la suite.", "The note is from before %s: this place gives access only to what follows."},
	},
	access.LinkMasks: {
		words{"La note ne lui est pas masquée.", "The note is not hidden from this person."},
		words{"L’auteur a masqué la note à sa catégorie de professionnels.", "The author hid the note from this class of professionals."},
	},
	access.LinkAudience: {
		words{"L’auteur ne l’a pas écartée.", "The author did not leave this person out."},
		words{"L’auteur a réservé la note à d’autres personnes.", "The author reserved the note for other people."},
	},
	access.LinkTypes: {
		words{"Lit ce type de document : %s.", "Reads this type of document: %s."},
		words{"La matrice ne lui donne pas à lire ce type de document : %s.", "The matrix does not give this type of document to read: %s."},
	},
	access.LinkAuthor: {
		words{"En est l’auteur.", "Wrote it."},
		words{"En est l’auteur, et n’a plus de droits dans ce dossier.", "Wrote it, and has no rights left in this record."},
	},
	access.LinkUnspeakable: {
		words{"Ses droits viennent de changer. Demandez de nouveau dans un instant.", "These rights have just changed. Ask again in a moment."},
		words{"Ses droits viennent de changer. Demandez de nouveau dans un instant.", "These rights have just changed. Ask again in a moment."},
	},
}

// needWords say which fact is missing.
var needWords = map[string]words{
	access.WillConsent:       chainWords[access.LinkConsent].no,
	access.WillInformation:   {"Il faut que le patient ait été informé, ce qui n’est pas enregistré.", "The patient must have been informed, and that is not recorded."},
	access.WillNonOpposition: {"Il faut la non-opposition du patient, qui n’est pas recueillie.", "The patient’s non-opposition is needed and has not been recorded."},
	"":                       chainWords[access.LinkConsent].no,
}

func sentenceOf(lang string, l access.Link, of teams.Explained, category string) string {
	both := chainWords[l.Code]
	sentence := both.no.in(lang)
	if l.OK {
		sentence = both.ok.in(lang)
	}
	shown := of.Professional.Profession
	switch {
	case l.Code == access.LinkIdentity:
		return fmt.Sprintf(sentence, professions.LabelIn(lang, shown.System, shown.Code, of.Professional.Gender))
	case l.Code == access.LinkSeat && l.OK:
		return fmt.Sprintf(sentence, dayIn(lang, l.At), seatsIn(lang, l.Seats))
	case l.Code == access.LinkSeat:
		return sentence + whenIn(lang, l) + "."
	case l.Code == access.LinkRule:
		return fmt.Sprintf(sentence, l.Version, categoryWords[category].in(lang)) + rowOf(lang, l.Speciality)
	case l.Code == access.LinkConsent && !l.OK:
		return needWords[l.Needs].in(lang)
	case l.Code == access.LinkTypes:
		return fmt.Sprintf(sentence, typesIn(lang, l.Types))
	case l.Code == access.LinkThrough:
		return fmt.Sprintf(sentence, throughIn(lang, l.Through, of.Names))
	case l.Code == access.LinkHistory && !l.OK:
		return fmt.Sprintf(sentence, dayIn(lang, l.At))
	}
	return sentence
}

// rowOf names the speciality whose row decided.
func rowOf(lang, speciality string) string {
	if speciality == "" {
		return ""
	}
	said := words{" Ligne de la spécialité : %s.", " Row of the speciality: %s."}
	return fmt.Sprintf(said.in(lang), professions.SpecialityIn(lang, speciality))
}

// typesIn names types of documents as in the middle of a sentence.
func typesIn(lang string, codes []string) string {
	named := make([]string, len(codes))
	for i, code := range codes {
		named[i] = doctypes.LabelIn(lang, code)
	}
	return strings.Join(named, ", ")
}

func whenIn(lang string, l access.Link) string {
	switch {
	case l.Begins:
		return words{" avant le ", " before "}.in(lang) + dayIn(lang, l.At)
	case !l.At.IsZero():
		return words{" depuis le ", " since "}.in(lang) + dayIn(lang, l.At)
	}
	return ""
}

// paris is the time that dates in sentences are told in.
var paris = teams.Paris

func dayIn(lang string, t time.Time) string {
	if lang == english {
		return t.In(paris).Format("2 January 2006")
	}
	return t.In(paris).Format("02/01/2006")
}

// throughWords say how a place is held that is not one's own.
var throughWords = map[string]words{
	access.ThroughStructure:   {"au titre de %s", "as a member of %s"},
	access.ThroughReplacement: {"en remplacement de %s", "in place of %s"},
	access.ThroughSecretariat: {"comme secrétaire de %s", "as secretary of %s"},
}

func throughIn(lang string, through []access.Through, names map[uuid.UUID]string) string {
	var parts []string
	for _, t := range through {
		parts = append(parts, fmt.Sprintf(throughWords[t.How].in(lang), names[t.ID]))
	}
	return strings.Join(parts, ", ")
}

// seatWords are places in a circle as people read them.
var seatWords = map[string]words{
	access.SeatMedecinTraitant: {"médecin traitant", "attending physician"},
	access.SeatReferent:        {"référent du dossier", "lead professional"},
	access.SeatCoordonnateur:   {"coordonnateur", "coordinator"},
	access.SeatIntervenant:     {"intervenant", "member"},
	access.SeatRemplacant:      {"remplaçant", "replacement"},
	access.SeatSecretariat:     {"secrétariat", "secretariat"},
}

func seatsIn(lang string, seats []string) string {
	named := make([]string, len(seats))
	for i, seat := range seats {
		named[i] = seatWords[seat].in(lang)
		if named[i] == "" {
			named[i] = seat
		}
	}
	return strings.Join(named, ", ")
}
