package mobileapi

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"liaison/professions"
)

func TestOnlyADemoNamesItsAccounts(t *testing.T) {
	t.Parallel()
	logins := []DemoLogin{{Login: "infirmiere", DisplayName: "Nadia Ferhat", Gender: "F", Profession: professions.Shown{System: "TRE_G15", Code: "60"}}}
	for _, c := range []struct {
		name  string
		cfg   Config
		names []string
	}{
		{"demo", Config{Territory: "Val d'Orselle", Demo: true, DemoLogins: logins}, []string{"demo", "demo_logins", "territory"}},
		{"real, even where the list is at hand", Config{Territory: "Val d'Orselle", DemoLogins: logins}, []string{"demo", "territory"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := get(t, newAPI(t, c.cfg), "/api/v1/instance")
			var body map[string]any
			if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Code != 200 {
				t.Fatalf("%d %s: %v", got.Code, got.Body, err)
			}
			if names := slices.Sorted(maps.Keys(body)); !slices.Equal(names, c.names) || body["territory"] != "Val d'Orselle" || body["demo"] != c.cfg.Demo {
				t.Errorf("got %s", got.Body)
			}
		})
	}
}
