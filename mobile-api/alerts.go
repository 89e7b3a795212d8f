package mobileapi

import (
	"context"

	"github.com/google/uuid"

	"liaison/notifications"
	"liaison/teams"
)

// AlertItem is an alert with the patient it is about.
type AlertItem struct {
	notifications.Alert
	Patient teams.Patient `json:"patient"`
}

type alertsInput struct {
	PageInput
	State string `query:"state" enum:"open,ended" doc:"Default open."`
}

func (a *API) alerts(ctx context.Context, in *alertsInput) (*answer[page[AlertItem]], error) {
	before, err := after(ctx, in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := a.cfg.Alerts.List(ctx, actorIn(ctx), in.State != "ended", before, in.Limit)
	if err != nil {
		return nil, err
	}
	items, err := a.withPatients(ctx, found.Items)
	list := wholeList(items)
	list.Next = cursorOf(found.Next)
	return answered(list, err)
}

// withPatients brings to alerts the patients that teams shows the same eyes; an alert whose circle was lost meanwhile is left out.
func (a *API) withPatients(ctx context.Context, list []notifications.Alert) ([]AlertItem, error) {
	ids := make([]uuid.UUID, len(list))
	for i, alert := range list {
		ids[i] = alert.TeamID
	}
	patients, err := a.cfg.Teams.Patients(ctx, actorIn(ctx), ids)
	if err != nil {
		return nil, err
	}
	items := make([]AlertItem, 0, len(list))
	for _, alert := range list {
		if patient, ok := patients[alert.TeamID]; ok {
			items = append(items, AlertItem{alert, patient})
		}
	}
	return items, nil
}

func (a *API) withPatient(ctx context.Context, alert notifications.Alert, err error) (*answer[AlertItem], error) {
	if err != nil {
		return nil, err
	}
	items, err := a.withPatients(ctx, []notifications.Alert{alert})
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, newProblem(langIn(ctx), "not_found")
	}
	return &answer[AlertItem]{items[0]}, nil
}

// InAlert names the alert of a path.
type InAlert struct {
	Alert uuid.UUID `path:"id" format:"uuid"`
}

func (a *API) alert(ctx context.Context, in *InAlert) (*answer[AlertItem], error) {
	found, err := a.cfg.Alerts.One(ctx, actorIn(ctx), in.Alert)
	return a.withPatient(ctx, found, err)
}

func (a *API) alertOfMessage(ctx context.Context, in *InMessage) (*answer[AlertItem], error) {
	found, err := a.cfg.Alerts.Of(ctx, actorIn(ctx), in.Message)
	return a.withPatient(ctx, found, err)
}

func (a *API) alertTakers(ctx context.Context, in *InAlert) (*answer[page[teams.Alertable]], error) {
	people, err := a.cfg.Alerts.Takers(ctx, actorIn(ctx), in.Alert)
	if err != nil {
		return nil, err
	}
	takers := make([]teams.Alertable, len(people))
	for i, person := range people {
		takers[i].Professional = person
	}
	return answered(wholeList(takers), a.addReachable(ctx, takers))
}

type acknowledgeInput struct {
	InAlert
	Body struct {
		Outcome string     `json:"outcome" enum:"taken,handed_over"`
		To      *uuid.UUID `json:"to,omitempty" nullable:"true" doc:"Whom it is handed to; without, the next in order."`
	}
}

func (a *API) acknowledge(ctx context.Context, in *acknowledgeInput) (*answer[AlertItem], error) {
	var found notifications.Alert
	var err error
	switch {
	case in.Body.Outcome == notifications.Taken && in.Body.To == nil:
		found, err = a.cfg.Alerts.Take(ctx, actorIn(ctx), in.Alert)
	case in.Body.Outcome == notifications.Taken:
		return nil, fieldProblem(langIn(ctx), fieldFault{"to", "unknown_field"})
	case in.Body.Outcome == notifications.HandedOver:
		to := uuid.Nil
		if in.Body.To != nil {
			to = *in.Body.To
		}
		found, err = a.cfg.Alerts.HandOver(ctx, actorIn(ctx), in.Alert, to)
	default:
		return nil, fieldProblem(langIn(ctx), fieldFault{"outcome", "unknown_outcome"})
	}
	return a.withPatient(ctx, found, err)
}

func (a *API) alertShown(ctx context.Context, in *InAlert) (*none, error) {
	return done(a.cfg.Alerts.Mark(ctx, actorIn(ctx), in.Alert, notifications.Shown))
}

func (a *API) alertDelivered(ctx context.Context, in *InAlert) (*none, error) {
	return done(a.cfg.Alerts.Mark(ctx, actorIn(ctx), in.Alert, notifications.Delivered))
}

func (a *API) alertSeen(ctx context.Context, in *InAlert) (*none, error) {
	return done(a.cfg.Alerts.Mark(ctx, actorIn(ctx), in.Alert, notifications.Seen))
}

// ended tells somebody who answers too late who was first.
func ended(lang string, e *notifications.ErrEnded) *Problem {
	p := newProblem(lang, "alert_ended")
	if specific := "alert_ended:" + e.Alert.State; problems[specific].status != 0 {
		p = newProblem(lang, specific)
	}
	p.Alert = &EndedAlert{State: e.Alert.State, EndedAt: e.Alert.EndedAt, EndedBy: e.Alert.EndedBy}
	return p
}
