package mobileapi

import (
	"context"

	"github.com/google/uuid"

	"liaison/notifications"
)

// NewDevice is a browser's push subscription.
type NewDevice struct {
	ID       uuid.UUID  `json:"id" doc:"UUID made by the client, kept with the subscription: the same again changes nothing."`
	Name     string     `json:"name" doc:"What the person calls this device."`
	Endpoint string     `json:"endpoint"`
	Keys     DeviceKeys `json:"keys"`
}

// DeviceKeys are those of the subscription, base64url.
type DeviceKeys struct {
	P256dh string `json:"p256dh"`
	Auth   string `json:"auth"`
}

type deviceInput struct{ Body NewDevice }

type deviceAnswer struct {
	Status int
	Body   notifications.Device
}

func (a *API) addDevice(ctx context.Context, in *deviceInput) (*deviceAnswer, error) {
	device, replay, err := a.cfg.Alerts.Register(ctx, actorIn(ctx), notifications.NewDevice{
		ID: in.Body.ID, Name: in.Body.Name,
		Subscription: notifications.Subscription{Endpoint: in.Body.Endpoint, P256dh: in.Body.Keys.P256dh, Auth: in.Body.Keys.Auth},
	})
	if err != nil {
		return nil, err
	}
	return &deviceAnswer{statusOf(!replay), device}, nil
}

// Devices are one's own, and the key a browser subscribes with.
type Devices struct {
	Items   []notifications.Device `json:"items"`
	Next    *string                `json:"next"`
	PushKey string                 `json:"push_key" doc:"applicationServerKey, base64url."`
}

func (a *API) devices(ctx context.Context, _ *none) (*answer[Devices], error) {
	items, err := a.cfg.Alerts.Devices(ctx, actorIn(ctx))
	return answered(Devices{Items: items, PushKey: a.cfg.Alerts.PushKey()}, err)
}

// InDevice names the device of a path.
type InDevice struct {
	Device uuid.UUID `path:"id" format:"uuid"`
}

func (a *API) removeDevice(ctx context.Context, in *InDevice) (*none, error) {
	return done(a.cfg.Alerts.Remove(ctx, actorIn(ctx), in.Device))
}

func (a *API) testDevice(ctx context.Context, in *InDevice) (*none, error) {
	return done(a.cfg.Alerts.Test(ctx, actorIn(ctx), in.Device))
}
