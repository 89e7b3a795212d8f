package demo

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
	_ "time/tzdata" // the demo keeps French time wherever it runs
)

// calendar is the day the demo is told from, at midnight in France.
type calendar struct{ midnight time.Time }

// morningOver is when the last notes of a morning have been written; before, the demo is told from yesterday.
const morningOver = 9 * time.Hour

func today(now time.Time) calendar {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(fmt.Sprintf("the embedded time zones lack Paris: %v", err))
	}
	told := now.In(paris).Add(-morningOver)
	return calendar{time.Date(told.Year(), told.Month(), told.Day(), 0, 0, 0, 0, paris)}
}

// at is an hour of the day that many days away.
func (c calendar) at(days, hour, minute int) time.Time {
	y, m, d := c.midnight.Date()
	return time.Date(y, m, d+days, hour, minute, 0, 0, c.midnight.Location())
}

// workdayBefore and workdayAfter leave a weekend for the Friday before or the Monday after.
func workdayBefore(t time.Time) time.Time {
	for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		t = t.AddDate(0, 0, -1)
	}
	return t
}

func workdayAfter(t time.Time) time.Time {
	for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

var weekdays = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}

// inText finds {+6}, a date six days after the note; {j+2}, the name of the day two days after; {@key}, the date of the
// note with that key.
var inText = regexp.MustCompile(`\{(j?)([+-]\d+)\}|\{@(\w+)\}`)

// dated writes the dates a text speaks of, seen from the moment it was written.
func dated(text string, written time.Time, keyed map[string]time.Time) string {
	return inText.ReplaceAllStringFunc(text, func(mark string) string {
		part := inText.FindStringSubmatch(mark)
		if part[3] != "" {
			return keyed[part[3]].Format("02/01")
		}
		days, _ := strconv.Atoi(part[2])
		on := written.AddDate(0, 0, days)
		if days > 0 {
			on = workdayAfter(on)
		}
		if part[1] == "j" {
			return weekdays[on.Weekday()]
		}
		return on.Format("02/01")
	})
}
