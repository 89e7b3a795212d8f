package mobileapi

import (
	"fmt"
	"strings"

	"liaison/teams"
)

// The kinds of accesses a history is filtered by. What was refused is of that kind, whatever was asked.
const (
	accessList     = "list"
	accessRead     = "read"
	accessSearch   = "search"
	accessDownload = "download"
	accessWrite    = "write"
	accessAlert    = "alert"
	accessPush     = "push"
	accessCircle   = "circle"
	accessRefused  = "refused"
)

// accessWord says a verb of the journal: what was done, as in « a lu », what could not be, as in « n’a pas pu lire », and of what.
// Many says it of a number.
type accessWord struct {
	kind      string
	verb      accessVerb
	one, many words
}

// accessVerb is what was done, and what could not be.
type accessVerb struct{ done, tried words }

var (
	sees      = accessVerb{words{"a vu", "saw"}, words{"voir", "see"}}
	reads     = accessVerb{words{"a lu", "read"}, words{"lire", "read"}}
	receives  = accessVerb{words{"a reçu", "received"}, words{"recevoir", "receive"}}
	consults  = accessVerb{words{"a consulté", "looked at"}, words{"consulter", "look at"}}
	opens     = accessVerb{words{"a ouvert", "opened"}, words{"ouvrir", "open"}}
	asks      = accessVerb{words{"a demandé", "asked"}, words{"demander", "ask"}}
	finds     = accessVerb{words{"a trouvé", "found"}, words{"trouver", "find"}}
	sends     = accessVerb{words{"a transmis", "sent"}, words{"transmettre", "send"}}
	corrects  = accessVerb{words{"a corrigé", "corrected"}, words{"corriger", "correct"}}
	withdraws = accessVerb{words{"a annulé", "withdrew"}, words{"annuler", "withdraw"}}
	narrows   = accessVerb{words{"a restreint", "narrowed"}, words{"restreindre", "narrow"}}
	sets      = accessVerb{words{"a réglé", "set"}, words{"régler", "set"}}
	creates   = accessVerb{words{"a créé", "created"}, words{"créer", "create"}}
	adds      = accessVerb{words{"a ajouté", "added"}, words{"ajouter", "add"}}
	ends      = accessVerb{words{"a mis fin à", "ended"}, words{"mettre fin à", "end"}}
	records   = accessVerb{words{"a enregistré", "recorded"}, words{"enregistrer", "record"}}
	reviews   = accessVerb{words{"a revu", "reviewed"}, words{"revoir", "review"}}
	removes   = accessVerb{words{"a retiré", "removed"}, words{"retirer", "remove"}}
	repeats   = accessVerb{words{"a répété", "repeated"}, words{"répéter", "repeat"}}
	passesOn  = accessVerb{words{"a fait passer", "passed on"}, words{"faire passer", "pass on"}}

	exports      = accessVerb{words{"a enregistré en PDF", "saved as PDF"}, words{"enregistrer en PDF", "save as PDF"}}
	nearlyOpens  = accessVerb{words{"a voulu ouvrir", "was about to open"}, words{"connaître", "know of"}}
	beginsToSend = accessVerb{words{"a commencé à envoyer", "began to send"}, words{"envoyer", "send"}}
	sendsPart    = accessVerb{words{"a envoyé une partie d’", "sent a part of "}, words{"envoyer une partie d’", "send a part of "}}
	finishes     = accessVerb{words{"a fini d’envoyer", "finished sending"}, words{"finir d’envoyer", "finish sending"}}
	takesOn      = accessVerb{words{"s’occupe d’", "took on "}, words{"s’occuper d’", "take on "}}
	lets         = accessVerb{words{"a laissé ", "let "}, words{"laisser ", "let "}}
	handsOver    = accessVerb{words{"a passé le relais d’", "handed over "}, words{"passer le relais d’", "hand over "}}
)

var noMany words

var accessWords = map[string]accessWord{
	"teams.list":         {accessList, sees, words{"ce dossier dans la liste de ses patients", "this record in the list of patients"}, noMany},
	"patients.named":     {accessList, sees, words{"le nom du patient auprès d’une alerte", "the patient’s name beside an alert"}, noMany},
	"alerts.list":        {accessList, sees, words{"une alerte de ce dossier dans la liste de ses alertes", "an alert of this record in the list of alerts"}, noMany},
	"sync":               {accessList, receives, words{"ce qui était nouveau dans ce dossier", "what was new in this record"}, noMany},
	"patients.search":    {accessSearch, finds, words{"ce dossier en cherchant un patient", "this record when looking for a patient"}, noMany},
	"search":             {accessSearch, finds, words{"des notes de ce dossier par la recherche", "notes of this record by searching"}, noMany},
	"patient.look_alike": {accessSearch, nearlyOpens, words{"un dossier proche de celui-ci", "a record like this one"}, noMany},

	"team.read":          {accessRead, opens, words{"le dossier", "the record"}, noMany},
	"messages.list":      {accessRead, reads, words{"les notes", "the notes"}, words{"%d notes", "%d notes"}},
	"thread.read":        {accessRead, reads, words{"un échange", "a thread"}, words{"un échange de %d notes", "a thread of %d notes"}},
	"message.read":       {accessRead, reads, words{"une note", "a note"}, noMany},
	"message.deliver":    {accessRead, receives, words{"une note à l’écran", "a note on screen"}, words{"%d notes à l’écran", "%d notes on screen"}},
	"message.revisions":  {accessRead, reads, words{"les versions d’une note", "the versions of a note"}, noMany},
	"message.explain":    {accessRead, asks, words{"qui peut lire une note, et pourquoi", "who can read a note, and why"}, noMany},
	"receipts.list":      {accessRead, consults, words{"qui a lu une note", "who had read a note"}, noMany},
	"circle.audience":    {accessRead, asks, words{"qui lirait une note", "who would read a note"}, noMany},
	"measures.read":      {accessRead, consults, words{"les constantes", "the measures"}, noMany},
	"thresholds.read":    {accessRead, consults, words{"les seuils des constantes", "the thresholds of measures"}, noMany},
	"documents.list":     {accessRead, consults, words{"la liste des documents", "the list of documents"}, noMany},
	"document.read":      {accessRead, consults, words{"la fiche d’un document", "what a document is"}, noMany},
	"document.standing":  {accessRead, consults, words{"où en est l’envoi d’un document", "how far a document was sent"}, noMany},
	"document.thumbnail": {accessRead, sees, words{"l’aperçu d’un document", "the preview of a document"}, noMany},
	"document.download":  {accessDownload, opens, words{"un document", "a document"}, noMany},
	"will.read":          {accessRead, consults, words{"la volonté du patient", "the patient’s will"}, noMany},
	"journal.read":       {accessRead, consults, words{"l’historique des accès", "the history of accesses"}, noMany},

	"journal.export": {accessDownload, exports, words{"l’historique des accès", "the history of accesses"}, noMany},

	"message.post":      {accessWrite, sends, words{"une note", "a note"}, noMany},
	"message.amend":     {accessWrite, corrects, words{"une note", "a note"}, noMany},
	"message.withdraw":  {accessWrite, withdraws, words{"une note", "a note"}, noMany},
	"message.narrow":    {accessWrite, narrows, words{"la lecture d’une note", "who reads a note"}, noMany},
	"thresholds.set":    {accessWrite, sets, words{"les seuils des constantes", "the thresholds of measures"}, noMany},
	"document.create":   {accessWrite, beginsToSend, words{"un document", "a document"}, noMany},
	"document.receive":  {accessWrite, sendsPart, words{"un document", "a document"}, noMany},
	"document.complete": {accessWrite, finishes, words{"un document", "a document"}, noMany},
	"document.delete":   {accessWrite, removes, words{"un document non transmis", "a document not sent yet"}, noMany},

	"patient.open":         {accessCircle, creates, words{"le dossier", "the record"}, noMany},
	"patient.correct":      {accessCircle, corrects, words{"l’identité ou les coordonnées du patient", "the patient’s identity or contact details"}, noMany},
	"member.add":           {accessCircle, adds, words{"un intervenant au cercle de soins", "a member to the care team"}, noMany},
	"member.end":           {accessCircle, ends, words{"une intervention", "a membership"}, noMany},
	"member.add_structure": {accessCircle, adds, words{"une structure au cercle de soins", "a structure to the care team"}, noMany},
	"member.end_structure": {accessCircle, ends, words{"l’intervention d’une structure", "a structure’s membership"}, noMany},
	"structure.join":       {accessCircle, adds, words{"quelqu’un à une structure du cercle de soins", "somebody to a structure of the care team"}, noMany},
	"structure.leave":      {accessCircle, removes, words{"quelqu’un d’une structure du cercle de soins", "somebody from a structure of the care team"}, noMany},
	"account.speciality":   {accessCircle, corrects, words{"la spécialité de quelqu’un du cercle de soins", "the speciality of somebody of the care team"}, noMany},
	"stand_in.add":         {accessCircle, lets, words{"quelqu’un agir à sa place dans ce dossier", "somebody act for them in this record"}, noMany},
	"stand_in.end":         {accessCircle, ends, words{"un remplacement ou un secrétariat", "a replacement or a secretariat"}, noMany},
	"will.record":          {accessCircle, records, words{"la volonté du patient", "the patient’s will"}, noMany},

	"emergency.open":   {accessCircle, opens, words{"le dossier en urgence (bris de glace)", "the record in an emergency (break-glass)"}, noMany},
	"emergency.inform": {accessCircle, records, words{"l’information du patient sur un accès d’urgence", "that the patient was told of an emergency access"}, noMany},
	"emergency.review": {accessCircle, reviews, words{"un accès d’urgence", "an emergency access"}, noMany},
	"emergency.letter": {accessDownload, opens, words{"la lettre d’information sur un accès d’urgence", "the letter on an emergency access"}, noMany},
	"emergencies.list": {accessRead, consults, words{"les accès d’urgence", "the emergency accesses"}, noMany},
	"emergencies.due":  {accessList, sees, words{"un accès d’urgence à suivre", "an emergency access to follow up"}, noMany},

	"alert.read":      {accessAlert, consults, words{"une alerte", "an alert"}, noMany},
	"alert.takers":    {accessAlert, asks, words{"à qui passer une alerte", "whom to pass an alert to"}, noMany},
	"alert.take":      {accessAlert, takesOn, words{"une alerte", "an alert"}, noMany},
	"alert.hand_over": {accessAlert, handsOver, words{"une alerte", "an alert"}, noMany},
	"alert.next":      {accessAlert, passesOn, words{"une alerte à la personne suivante", "an alert to the next person"}, noMany},
	"alert.repeat":    {accessAlert, repeats, words{"une alerte", "an alert"}, noMany},
	"alert.push":      {accessPush, receives, words{"une notification d’alerte sur un appareil", "an alert on a device"}, noMany},
}

// unknownAccess is said of a verb this version has no word for: of a newer one that wrote to the same journal.
var unknownAccess = accessWord{accessRead, consults, words{"le dossier", "the record"}, noMany}

func wordOf(verb string) accessWord {
	if word, known := accessWords[verb]; known {
		return word
	}
	return unknownAccess
}

// verbsOf lists the verbs of a kind; of what was refused, all.
func verbsOf(kind string) []string {
	var verbs []string
	for verb, word := range accessWords {
		if word.kind == kind {
			verbs = append(verbs, verb)
		}
	}
	return verbs
}

// accessSentence says what somebody did, or could not, in words that follow her name.
func accessSentence(lang string, a teams.Accessed) string {
	word := wordOf(a.Verb)
	verb := word.verb.done.in(lang)
	if a.Refused {
		verb = words{"n’a pas pu ", "was not allowed to "}.in(lang) + word.verb.tried.in(lang)
	}
	what := word.one.in(lang)
	if a.Count != nil && *a.Count > 1 && !a.Refused && word.many != noMany {
		what = fmt.Sprintf(word.many.in(lang), *a.Count)
	}
	if !strings.HasSuffix(verb, "’") && !strings.HasSuffix(verb, " ") {
		verb += " "
	}
	sentence := verb + what + channelWords[a.Channel].in(lang)
	if len(a.For) > 0 {
		sentence += words{", pour ", ", for "}.in(lang) + strings.Join(a.For, ", ")
	}
	return sentence
}

// channelWords say of notes which of the two streams they are of.
var channelWords = map[string]words{
	"notebook":   {" du cahier de liaison", " of the liaison notebook"},
	"discussion": {" de la discussion", " of the discussion"},
}
