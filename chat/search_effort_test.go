package chat

import (
	"fmt"
	"slices"
	"testing"

	"liaison/access"
)

// Gathered, met going back in time or both: a search finds the same, page by page.
func TestSearchFindsTheSameHoweverItGoesAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		w.open()
		for i := range 40 {
			text := fmt.Sprintf("surveillance %d", i)
			if i < 12 {
				text += " autrefois"
			}
			if i%13 == 0 {
				text += " rarement"
			}
			w.post(w.nurse, note([]string{"nursing", "daily_life", "organisation"}[i%3], text))
		}
	}
	efforts := map[string]effort{
		"walks":                 {held: 0, window: 7, walked: everything, sorted: 5, first: 2, most: 3},
		"walks in one window":   {held: 0, window: 1000, walked: everything, sorted: 5, first: 2, most: 3},
		"walks, then gathers":   {held: 1, window: 3, walked: 9, sorted: 4, first: 1, most: 2},
		"gives up at once":      {held: 1, window: 1, walked: 1, sorted: 2, first: 1, most: 1},
		"gathers, a few a time": {held: everything, window: 2, walked: 2, sorted: 2, first: 1, most: 1},
	}
	for _, who := range []access.Actor{w.gp, w.help} {
		for _, q := range []Search{
			{Query: "surveillance"},
			{Query: "autrefois"},
			{Query: "rarement surveillance"},
			{Query: "surveillance", Category: "daily_life"},
			{Query: "surveillance", Author: w.nurse.Person, Team: w.space},
			{Query: "surveillance", Author: w.gp.Person},
			{Query: "jamais"},
		} {
			w.chat.effort = usual
			want := w.findsPages(who, q)
			for name, e := range efforts {
				w.chat.effort = e
				if got := w.findsPages(who, q); !slices.Equal(got, want) {
					t.Errorf("%s, %+v: %q, want %q", name, q, got, want)
				}
			}
		}
	}
}

func (w *world) findsPages(a access.Actor, q Search) []string {
	w.Helper()
	out := []string{}
	for q.Limit = 5; ; {
		found, err := w.chat.Search(w.Context(), a, q)
		w.must(err)
		for _, item := range found.Items {
			out = append(out, item.Message.ID.String()+" "+item.Message.Text)
		}
		if found.Next == nil {
			return out
		}
		q.Cursor = *found.Next
	}
}
