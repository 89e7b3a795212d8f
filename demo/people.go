package demo

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"

	"liaison/access"
	"liaison/accounts"
)

//go:embed people.csv
var peopleFile string

// tried are the accounts a visitor is offered: the team of the first patient, a physician outside it, and who administers.
var tried = []string{"medecin", "infirmiere", "pharmacien", "kine", "assistante-sociale", "aide-domicile", "coordinatrice", "medecin2", last}

// Accounts are the accounts a visitor is offered, in the order of the demo's story.
func Accounts() ([]accounts.DemoAccount, error) {
	people, err := readPeople()
	if err != nil {
		return nil, err
	}
	list := make([]accounts.DemoAccount, 0, len(tried))
	for _, login := range tried {
		p, ok := people[login]
		if !ok {
			return nil, fmt.Errorf("people of the demo: no %s", login)
		}
		list = append(list, p.DemoAccount)
	}
	return list, nil
}

// person is somebody of the demo; weekends says whether her profession works then.
type person struct {
	accounts.DemoAccount
	weekends bool
}

func readPeople() (map[string]person, error) {
	records, err := csv.NewReader(strings.NewReader(peopleFile)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("people of the demo: %w", err)
	}
	people := map[string]person{}
	for _, record := range records[1:] {
		field := map[string]string{}
		for i, name := range records[0] {
			field[name] = record[i]
		}
		p := personOf(field)
		if _, twice := people[p.Login]; twice {
			return nil, fmt.Errorf("people of the demo: %s twice", p.Login)
		}
		people[p.Login] = p
	}
	return people, nil
}

func personOf(field map[string]string) person {
	login := field["login"]
	p := person{weekends: field["weekends"] == "yes"}
	p.Login = login
	p.Professional = accounts.Professional{
		ID: idOf("person", login), FamilyName: field["family_name"], GivenName: field["given_name"], Gender: field["gender"], Title: field["title"],
		Profession: access.Profession{System: field["system"], Code: field["code"]}, Town: field["town"],
	}
	p.Administrator = login == last
	for _, name := range strings.Split(field["workplaces"], "|") {
		p.Workplaces = append(p.Workplaces, accounts.Workplace{ID: idOf("workplace", login, name), Name: name, Town: field["town"]})
	}
	return p
}
