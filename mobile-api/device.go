package mobileapi

import "strings"

// Longer names first where one contains another: every browser pretends to be some other.
var browsers = []struct{ mark, name string }{
	{"Edg", "Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser", "Samsung Internet"},
	{"FxiOS", "Firefox"},
	{"Firefox", "Firefox"},
	{"CriOS", "Chrome"},
	{"Chrome", "Chrome"},
	{"Safari", "Safari"},
}

var systems = []struct{ mark, name string }{
	{"Android", "Android"},
	{"iPhone", "iPhone"},
	{"iPad", "iPad"},
	{"Windows", "Windows"},
	{"CrOS", "ChromeOS"},
	{"Macintosh", "Mac"},
	{"Linux", "Linux"},
}

// deviceOf is how a person recognises a session in her list: « Chrome sur Android ».
func deviceOf(userAgent, lang string) string {
	browser, system := "", ""
	for _, b := range browsers {
		if strings.Contains(userAgent, b.mark) {
			browser = b.name
			break
		}
	}
	for _, s := range systems {
		if strings.Contains(userAgent, s.mark) {
			system = s.name
			break
		}
	}
	switch {
	case browser != "" && system != "":
		return browser + words{" sur ", " on "}.in(lang) + system
	case browser+system != "":
		return browser + system
	}
	return program(userAgent, lang)
}

// program is the name a client that is no browser gives itself.
func program(userAgent, lang string) string {
	name, _, _ := strings.Cut(userAgent, "/")
	name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
	if name == "" || len(name) > 40 {
		return words{"Appareil inconnu", "Unknown device"}.in(lang)
	}
	return name
}
