package proof

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// history: only who may is told who had access; and, of what everybody was just answered here, exactly that: the circle read by those
// who stand in it and refused to the others, and seen in the list of those who stand.
func (f *faces) history(t *truth) {
	want := map[string][]string{}
	for _, p := range f.people {
		if t.At(p.id, f.at).Stands() {
			want["team.read done"] = append(want["team.read done"], p.id)
			want["teams.list done"] = append(want["teams.list done"], p.id)
		} else {
			want["team.read refused"] = append(want["team.read refused"], p.id)
		}
	}
	for _, p := range f.people {
		r := t.At(p.id, f.at)
		switch {
		case !r.Stands():
			f.absent(p, "history", "GET", "/teams/%s/journal", t.team, nil)
		case !slices.Contains(r.Actions, "read_dossier_journal"):
			got := f.ask(f.IntN(2), p, "GET", "/teams/"+t.team+"/journal", nil)
			f.check(got.status == http.StatusForbidden, "%s: the history is answered %s", p.id, got)
		default:
			got := f.told(p, t)
			for what, people := range want {
				f.check(sameSet(got[what], people), "%s: %s by %v, and the history tells %v", t.team, what, people, got[what])
			}
			f.meet("face: history told")
		}
	}
}

// told is who did what since the faces began, each once.
func (f *faces) told(p *person, t *truth) map[string][]string {
	out, next := map[string][]string{}, ""
	for {
		var page list[struct {
			Professional *struct{ ID string }
			Verb         string
			Refused      bool
		}]
		path := "/teams/" + t.team + "/journal?limit=40&from=" + url.QueryEscape(f.at.Format(time.RFC3339Nano)) + next
		f.into(f.ask(f.IntN(2), p, "GET", path, nil), &page)
		for _, item := range page.Items {
			what := item.Verb + " done"
			if item.Refused {
				what = item.Verb + " refused"
			}
			if item.Professional != nil {
				out[what] = addOnce(out[what], item.Professional.ID)
			}
		}
		if page.Next == nil {
			return out
		}
		next = "&cursor=" + url.QueryEscape(*page.Next)
	}
}
