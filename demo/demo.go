// Package demo holds an invented territory, its people, patients and weeks of notes, and loads them through the features
// like anybody else's. It also makes the teams of a load test. It holds no rule of the product, and nothing here works
// outside an instance that was started as a demo.
package demo

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"liaison/access"
	"liaison/accounts"
	"liaison/chat"
	"liaison/documents"
	"liaison/teams"
)

// Territory is where the demo takes place; Password is everybody's.
const (
	Territory = "Val d'Orselle"
	Password  = "demo"
)

// Services are the features the demo goes through. Chat's writers must be running.
type Services struct {
	Accounts  *accounts.Service
	Teams     *teams.Service
	Chat      *chat.Service
	Documents *documents.Service // may be without an object store
}

// atOnce leaves connections to the others: circles and people are loaded a few at a time.
const atOnce = 4

// loader is one load: what is to be there, and the day it is told from.
type loader struct {
	Services
	people     map[string]person
	patients   []patient
	structures []structure
	day        calendar
	log        *slog.Logger
}

// Load fills the demo, dated back from today. What is there already is left alone: a load that was interrupted is
// completed, a complete one is not begun again.
func Load(ctx context.Context, s Services, log *slog.Logger) error {
	return load(ctx, s, log, time.Now())
}

func load(ctx context.Context, s Services, log *slog.Logger, now time.Time) error {
	people, err := readPeople()
	if err != nil {
		return err
	}
	patients, err := readPatients()
	if err != nil {
		return err
	}
	structures, err := readStructures()
	if err != nil {
		return err
	}
	l := &loader{Services: s, people: people, patients: patients, structures: structures, day: today(now), log: log}
	complete, err := l.complete(ctx)
	if err != nil || complete {
		return err
	}
	return l.fill(ctx)
}

// last makes the structures. The last of these is made when everything else is there: it tells that nothing is missing. Nothing of them
// can be deleted.
const (
	last          = "admin"
	lastStructure = "dac-saint-aubain"
)

func (l *loader) complete(ctx context.Context) (bool, error) {
	page, err := l.Teams.Structures(ctx, "", 100, uuid.Nil)
	if err != nil {
		return false, fmt.Errorf("look for the demo: %w", err)
	}
	return slices.ContainsFunc(page.Items, func(s teams.StructureItem) bool { return s.ID == idOf("structure", lastStructure) }), nil
}

func (l *loader) fill(ctx context.Context) error {
	began := time.Now()
	if err := l.hire(ctx, func(p person) bool { return p.Login != last }); err != nil {
		return err
	}
	messages, err := l.write(ctx)
	if err != nil {
		return err
	}
	if err := l.hire(ctx, func(p person) bool { return p.Login == last }); err != nil {
		return err
	}
	if err := l.build(ctx, func(s structure) bool { return s.Key != lastStructure }); err != nil {
		return err
	}
	if err := l.read(ctx); err != nil {
		return err
	}
	if err := l.build(ctx, func(s structure) bool { return s.Key == lastStructure }); err != nil {
		return err
	}
	l.log.Info("demo loaded", "people", len(l.people), "patients", len(l.patients), "messages", messages, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

func (l *loader) hire(ctx context.Context, who func(person) bool) error {
	var list []accounts.DemoAccount
	for _, p := range l.people {
		if who(p) {
			list = append(list, p.DemoAccount)
		}
	}
	if err := l.Accounts.LoadDemoAccounts(ctx, list, Password); err != nil {
		return fmt.Errorf("people of the demo: %w", err)
	}
	return nil
}

// write opens every circle and writes its channels; it counts the messages.
func (l *loader) write(ctx context.Context) (int, error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	messages := 0
	for _, p := range l.patients {
		messages += len(p.entries)
		g.Go(func() error {
			if err := l.circle(ctx, p); err != nil {
				return fmt.Errorf("patient %s: %w", p.Key, err)
			}
			return nil
		})
	}
	return messages, g.Wait()
}

// actor is a person of the demo at her first workplace. There is no session: nobody signed in.
func (l *loader) actor(login string) access.Actor {
	p := l.people[login]
	a := access.Actor{Person: p.ID}
	if len(p.Workplaces) > 0 {
		a.Workplace = p.Workplaces[0].ID
	}
	return a
}
