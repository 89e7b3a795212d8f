package mobileapi

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/professions"
	"liaison/teams"
)

type audienceInput struct {
	InTeam
	Category string    `query:"category"`
	Mask     []string  `query:"mask,explode" doc:"May repeat."`
	Types    []string  `query:"document_type,explode" doc:"Of the documents it would carry; may repeat."`
	OnlyTo   []string  `query:"only_to,explode" format:"uuid" doc:"May repeat."`
	ThreadID uuid.UUID `query:"thread_id" format:"uuid" doc:"The root that the message would answer."`
}

func (a *API) audience(ctx context.Context, in *audienceInput) (*answer[teams.Audience], error) {
	q := teams.AudienceQuery{Category: in.Category, Masks: in.Mask, Types: in.Types, Thread: in.ThreadID}
	for _, text := range in.OnlyTo {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fieldProblem(langIn(ctx), fieldFault{"only_to", "invalid_id"})
		}
		q.OnlyTo = append(q.OnlyTo, id)
	}
	found, err := a.cfg.Teams.Audience(ctx, actorIn(ctx), in.Team, q)
	if err != nil {
		return nil, err
	}
	if err := a.addReachable(ctx, found.AlertOrder); err != nil {
		return nil, err
	}
	lang := langIn(ctx)
	for i := range found.HiddenFrom {
		hidden := &found.HiddenFrom[i]
		hidden.Reason.Detail = whyHidden(lang, hidden.Reason, hidden.Professional.Profession, in.Category)
	}
	return &answer[teams.Audience]{found}, nil
}

// addReachable says of whom an alert would ask whether a push may reach her now: better known before than after.
func (a *API) addReachable(ctx context.Context, order []teams.Alertable) error {
	ids := make([]uuid.UUID, len(order))
	for i, one := range order {
		ids[i] = one.Professional.ID
	}
	reachable, err := a.cfg.Alerts.Reachable(ctx, ids)
	for i := range order {
		order[i].Reachable = reachable[ids[i]]
	}
	return err
}

// whyHidden says a reason as an ordinary author may know it.
func whyHidden(lang string, reason teams.Reason, of professions.Shown, category string) string {
	switch reason.Code {
	case access.ByProfession:
		if len(reason.Types) > 0 {
			sentence := words{"Les %s n’ont pas accès à ce type de document : %s (règle du territoire).", "The territory’s rule gives %s no access to this type of document: %s."}
			return fmt.Sprintf(sentence.in(lang), professions.Plural(of.System, of.Code, lang), typesIn(lang, reason.Types))
		}
		sentence := words{"Les %s n’ont pas accès à la rubrique %s (règle du territoire).", "The territory’s rule gives %s no access to the category %s."}
		return fmt.Sprintf(sentence.in(lang), professions.Plural(of.System, of.Code, lang), categoryWords[category].in(lang))
	case access.ByNarrowing:
		return words{"Vous avez choisi de ne pas lui adresser ce message.", "You chose not to address this message to this person."}.in(lang)
	}
	return words{"N’a pas accès à cette rubrique dans ce dossier.", "Has no access to this category in this record."}.in(lang)
}
