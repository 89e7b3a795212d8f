package mobileapi

import (
	"context"

	"liaison/professions"
)

// Instance is what anybody may know of this service before signing in.
type Instance struct {
	Territory  string      `json:"territory"`
	Demo       bool        `json:"demo" doc:"Invented people and patients only."`
	DemoLogins []DemoLogin `json:"demo_logins,omitempty" doc:"Only in a demo: accounts to try, with the password « demo »."`
}

// DemoLogin is an account of the demo that anybody may try.
type DemoLogin struct {
	Login       string            `json:"login"`
	DisplayName string            `json:"display_name"`
	Gender      string            `json:"gender" enum:"F,M"`
	Profession  professions.Shown `json:"profession"`
}

func (a *API) instance(context.Context, *none) (*answer[Instance], error) {
	body := Instance{Territory: a.cfg.Territory, Demo: a.cfg.Demo}
	if a.cfg.Demo {
		body.DemoLogins = a.cfg.DemoLogins
	}
	return &answer[Instance]{body}, nil
}
