package mobileapi

import "net/http"

// words are one sentence in the languages of the interface.
type words struct{ fr, en string }

func (w words) in(lang string) string {
	if lang == english {
		return w.en
	}
	return w.fr
}

// entry is what a code means to a client, and to a person.
type entry struct {
	status int
	words
}

func say(status int, fr, en string) entry { return entry{status, words{fr, en}} }

// titles name the kinds of problems.
var titles = map[int]words{
	http.StatusBadRequest:                   {"Demande illisible", "Unreadable request"},
	http.StatusUnauthorized:                 {"Identification nécessaire", "Sign-in needed"},
	http.StatusForbidden:                    {"Action réservée", "Not open to you"},
	http.StatusNotFound:                     {"Introuvable", "Not found"},
	http.StatusRequestTimeout:               {"Envoi coupé", "Transfer cut"},
	http.StatusRequestedRangeNotSatisfiable: {"Partie introuvable", "No such part"},
	http.StatusInsufficientStorage:          {"Stockage plein", "Storage full"},
	http.StatusConflict:                     {"Déjà fait autrement", "Already done otherwise"},
	http.StatusGone:                         {"Plus disponible", "No longer available"},
	http.StatusPreconditionFailed:           {"Modifié entre-temps", "Changed meanwhile"},
	http.StatusRequestEntityTooLarge:        {"Trop volumineux", "Too large"},
	http.StatusUnsupportedMediaType:         {"Format non reconnu", "Unknown format"},
	http.StatusUnprocessableEntity:          {"Saisie à corriger", "Please correct"},
	http.StatusPreconditionRequired:         {"Version à préciser", "Revision needed"},
	http.StatusTooManyRequests:              {"Un instant", "One moment"},
	http.StatusInternalServerError:          {"Problème de notre côté", "A fault of ours"},
	http.StatusServiceUnavailable:           {"Service momentanément indisponible", "Briefly unavailable"},
}

// problems holds every code a client may be given. A code is never renamed; what follows a colon only changes the words.
var problems = map[string]entry{
	// The request itself.
	"invalid_body":           say(422, "Certaines informations manquent ou n’ont pas la forme attendue.", "Some information is missing or not in the expected form."),
	"invalid_body:syntax":    say(400, "La demande reçue est illisible. Réessayez ; si cela continue, prévenez l’assistance.", "The request received cannot be read. Try again; if it goes on, tell support."),
	"invalid_utf8":           say(400, "Le texte contient des caractères illisibles. Retapez-le ou collez-le sans mise en forme.", "The text contains unreadable characters. Type it again or paste it without formatting."),
	"body_too_large":         say(413, "L’envoi est trop volumineux.", "What was sent is too large."),
	"unsupported_media_type": say(415, "Ce format d’envoi n’est pas reconnu.", "This format is not recognised."),
	"unknown_field":          say(422, "Cette information n’est pas attendue ici.", "This information is not expected here."),
	"invalid_value":          say(422, "Cette information n’a pas la forme attendue.", "This information is not in the expected form."),
	"invalid_id":             say(422, "L’identifiant technique n’a pas la forme attendue.", "The technical identifier is not in the expected form."),
	"field_required":         say(422, "Cette information est nécessaire.", "This information is needed."),
	"too_many":               say(422, "Il y a trop d’éléments dans cette liste.", "This list has too many items."),
	"unknown_path":           say(404, "Cette adresse n’existe pas.", "This address does not exist."),
	"cross_origin":           say(403, "Cette demande vient d’un autre site. Rouvrez l’application et recommencez.", "This request comes from another site. Open the application again and retry."),
	"cursor_invalid":         say(400, "La liste doit être relue depuis le début.", "The list must be read again from its start."),

	// Texts and messages.
	"text_empty":               say(422, "Écrivez un texte, ou ajoutez une constante ou un document.", "Write a text, or add a measure or a document."),
	"text_too_long":            say(422, "Le texte est trop long.", "The text is too long."),
	"text_forbidden_character": say(422, "Le texte contient un caractère invisible qui n’est pas accepté. Retapez-le ou collez-le sans mise en forme.", "The text contains an invisible character that is not accepted. Type it again or paste it without formatting."),
	"unknown_category":         say(422, "Cette rubrique n’existe pas.", "This category does not exist."),
	"unknown_note_type":        say(422, "Ce type de note n’existe pas.", "This type of note does not exist."),
	"threshold_order":          say(422, "Le seuil bas doit être inférieur au seuil haut.", "The lower limit must be below the upper one."),
	"unknown_measure":          say(422, "Cette constante n’est pas reconnue.", "This measure is not recognised."),
	"measure_out_of_bounds":    say(422, "Cette valeur est impossible. Vérifiez la saisie et l’unité (tension en mmHg, ex. 186/104).", "This value is impossible. Check the figures and the unit (blood pressure in mmHg, e.g. 186/104)."),
	"unknown_mask":             say(422, "Ce choix de visibilité n’existe pas.", "This choice of visibility does not exist."),
	"only_to_unknown":          say(422, "Une des personnes choisies ne fait pas partie de ce cercle de soins.", "One of the people chosen is not in this care team."),
	"mention_unknown":          say(422, "Une des personnes citées ne fait pas partie de ce cercle de soins.", "One of the people mentioned is not in this care team."),
	"thread_unknown":           say(422, "L’échange auquel vous répondez est introuvable.", "The thread you answer cannot be found."),
	"document_unknown":         say(422, "Ce document est introuvable.", "This document cannot be found."),
	"category_not_writable":    say(403, "Vous ne pouvez pas écrire dans cette rubrique pour ce patient.", "You cannot write in this category for this patient."),
	"reason_required":          say(422, "Indiquez pourquoi.", "Say why."),
	"revision_required":        say(428, "Indiquez quelle version vous corrigez.", "Say which revision you are correcting."),
	"revision_mismatch":        say(412, "Cette note a changé entre-temps. Relisez-la avant de corriger.", "This note has changed meanwhile. Read it again before correcting."),
	"message_withdrawn":        say(409, "Ce message a été annulé : il ne peut plus être corrigé.", "This message was withdrawn: it can no longer be corrected."),
	"narrow_widens":            say(422, "Une note ne peut qu’être restreinte : avec ce choix, quelqu’un qui ne la lit pas pourrait la lire.", "A note can only be narrowed: with this choice somebody who does not read it could."),
	"narrow_nothing":           say(422, "Ce choix ne change rien à qui lit cette note.", "This choice does not change who reads this note."),
	"unknown_state":            say(422, "Cet état n’existe pas.", "This state does not exist."),
	"id_conflict":              say(409, "Cet envoi a déjà servi pour un autre contenu. Recommencez.", "This has already been sent with other content. Start again."),

	// Search.
	"search_too_long": say(422, "La recherche est trop longue : 200 caractères au plus.", "The search is too long: at most 200 characters."),
	"search_empty":    say(422, "Cherchez au moins un mot plus précis.", "Look for at least one more precise word."),
	// Alerts and devices.
	"alert_ended":            say(409, "Cette alerte est terminée.", "This alert has ended."),
	"alert_ended:taken":      say(409, "Quelqu’un d’autre s’en occupe déjà.", "Someone else is already taking care of it."),
	"alert_ended:cancelled":  say(409, "L’auteur a annulé cette alerte.", "The author withdrew this alert."),
	"alert_ended:unanswered": say(409, "Cette alerte est restée sans réponse : l’auteur en a été averti.", "Nobody answered this alert in time: its author was told."),
	"alert_to_unknown":       say(422, "Cette personne ne peut pas être alertée pour cette note.", "This person cannot be alerted about this note."),
	"unknown_outcome":        say(422, "Cette réponse à l’alerte n’existe pas.", "This answer to the alert does not exist."),
	"forbidden:alert":        say(403, "Cette alerte ne vous est pas adressée.", "This alert is not addressed to you."),
	"push_endpoint":          say(422, "Ce navigateur ne donne pas d’adresse de notification utilisable.", "This browser gives no usable notification address."),
	"push_failed":            say(503, "Le service de notification n’a pas accepté l’essai. Réessayez dans un instant.", "The notification service did not accept the test. Try again in a moment."),
	"device_gone":            say(410, "Ce navigateur n’est plus abonné aux notifications. Activez-les de nouveau sur cet appareil.", "This browser is no longer subscribed to notifications. Turn them on again on this device."),
	"too_many_devices":       say(422, "Trop d’appareils sont enregistrés. Retirez-en un.", "Too many devices are registered. Remove one."),
	"not_found:device":       say(404, "Introuvable : cet appareil n’est plus enregistré.", "Not found: this device is no longer registered."),
	// Documents.
	"document_type":         say(422, "Ce type de fichier n’est pas accepté, ou le contenu ne correspond pas au nom. Envoyez une photo (JPEG, PNG, WebP), un PDF, un texte ou un document Word, Excel ou OpenDocument.", "This kind of file is not accepted, or its content does not match its name. Send a picture (JPEG, PNG, WebP), a PDF, a text or a Word, Excel or OpenDocument file."),
	"unknown_speciality":    say(422, "Ce n’est pas une spécialité de cette profession.", "This is no speciality of this profession."),
	"unknown_document_type": say(422, "Ce type de document n’existe pas.", "There is no such type of document."),
	"document_name":         say(422, "Ce nom de fichier n’est pas accepté. Renommez le fichier.", "This file name is not accepted. Rename the file."),
	"document_empty":        say(422, "Ce fichier est vide.", "This file is empty."),
	"document_too_large":    say(422, "Ce fichier est trop volumineux.", "This file is too large."),
	"document_checksum":     say(422, "Le fichier est arrivé abîmé. Recommencez l’envoi.", "The file arrived damaged. Send it again."),
	"document_infected":     say(422, "Ce fichier a été refusé par l’antivirus. Ne l’ouvrez pas et prévenez votre service informatique.", "This file was refused by the virus scanner. Do not open it and tell your IT service."),
	"document_image":        say(422, "Cette image est illisible, incomplète ou trop grande.", "This picture is unreadable, incomplete or too large."),
	"document_location":     say(422, "Cette photo contient encore le lieu où elle a été prise. Envoyez-la depuis l’application, qui le retire.", "This picture still holds the place where it was taken. Send it from the application, which removes it."),
	"documents_pending":     say(422, "Trop de documents attendent d’être joints à un message. Joignez-les ou retirez-les d’abord.", "Too many documents wait to be attached to a message. Attach or remove them first."),
	"document_attached":     say(409, "Ce document est joint à un message : il ne peut plus être retiré seul.", "This document is attached to a message: it can no longer be removed on its own."),
	"document_not_ready":    say(409, "Ce document n’est pas encore prêt.", "This document is not ready yet."),
	"document_unreadable":   say(410, "Ce document ne peut plus être lu. Prévenez l’assistance.", "This document can no longer be read. Tell support."),
	"offset_mismatch":       say(409, "L’envoi reprend à un autre endroit.", "The transfer goes on from another place."),
	"upload_cut":            say(408, "L’envoi a été coupé ; il reprendra où il en est.", "The transfer was cut; it will go on from where it stands."),
	"range_invalid":         say(416, "Cette partie du document n’existe pas.", "This part of the document does not exist."),
	"storage_unavailable":   say(503, "Le stockage des documents est momentanément indisponible. Rien n’est perdu ; l’envoi reprendra.", "The storage of documents is briefly unavailable. Nothing is lost; the transfer will go on."),
	"scanner_unavailable":   say(503, "L’antivirus ne répond pas. Rien n’est perdu ; le document sera vérifié dès que possible.", "The virus scanner does not answer. Nothing is lost; the document will be checked as soon as possible."),
	"storage_full":          say(507, "Le stockage des documents est plein. Prévenez l’assistance ; rien n’est perdu.", "The storage of documents is full. Tell support; nothing is lost."),

	// Dossiers and circles.
	"not_found":            say(404, "Dossier introuvable, ou vous n’y avez pas accès.", "Record not found, or you have no access to it."),
	"forbidden":            say(403, "Votre place dans ce cercle de soins ne permet pas cette action.", "Your place in this care team does not allow this."),
	"birth_date_future":    say(422, "La date de naissance est dans le futur.", "The date of birth is in the future."),
	"unknown_seat":         say(422, "Cette place dans le cercle n’existe pas.", "This place in the care team does not exist."),
	"seat_not_open":        say(422, "Cette place ne peut pas encore être donnée.", "This place cannot be given yet."),
	"seat_needs_physician": say(422, "Cette place est réservée à un médecin.", "This place is for a physician."),
	"already_member":       say(409, "Cette personne tient déjà cette place dans le cercle de soins.", "This person already holds this place in the care team."),
	"last_manager":         say(409, "Nommez d’abord une autre personne pour gérer le cercle.", "First name someone else to manage the care team."),
	"look_alike":           say(409, "Un dossier proche existe. Est-ce la même personne ?", "A similar record exists. Is it the same person?"),
	"look_alike:hidden":    say(409, "Un dossier proche existe. Si c’est la même personne, demandez à un membre du cercle ou à l’appui de vous ajouter.", "A similar record exists. If it is the same person, ask a member of the care team or the coordination service to add you."),

	// The patient's identity.
	"name_missing":             say(422, "Le nom est nécessaire.", "The name is needed."),
	"name_too_long":            say(422, "Le nom est trop long.", "The name is too long."),
	"name_invalid":             say(422, "Ce nom ne contient aucune lettre.", "This name has no letter in it."),
	"sex_unknown":              say(422, "Choisissez féminin, masculin ou inconnu.", "Choose female, male or unknown."),
	"birth_date_impossible":    say(422, "Cette date de naissance est impossible.", "This date of birth is impossible."),
	"birth_place_code_invalid": say(422, "Le code du lieu de naissance a cinq caractères (code INSEE).", "The code of the place of birth has five characters (INSEE code)."),
	"identity_status_unknown":  say(422, "Ce statut d’identité n’existe pas.", "This identity status does not exist."),
	"ins_invalid":              say(422, "Le matricule INS est inexact : vérifiez ses 15 caractères.", "The INS number is wrong: check its 15 characters."),
	"ins_oid_unknown":          say(422, "L’autorité de ce matricule INS n’est pas reconnue.", "The authority of this INS number is not recognised."),
	"ins_missing":              say(422, "Une identité qualifiée a un matricule INS et son autorité.", "A qualified identity has an INS number and its authority."),
	"telephone_invalid":        say(422, "Ce numéro de téléphone est inexact.", "This telephone number is wrong."),

	// Information, consents, oppositions.
	"information_missing":          say(422, "Indiquez qui a informé le patient, et quand.", "Say who informed the patient, and when."),
	"given_at_future":              say(422, "Cette date est dans le futur.", "This date is in the future."),
	"given_at_impossible":          say(422, "Cette date est impossible.", "This date is impossible."),
	"given_at_before_fact":         say(422, "Cette date précède ce qui est retiré.", "This date comes before what is withdrawn."),
	"unknown_kind":                 say(422, "Ce type de volonté n’existe pas.", "This kind of will does not exist."),
	"opposition_target_missing":    say(422, "Indiquez à qui, ou à quelle rubrique, le patient s’oppose.", "Say to whom, or to which category, the patient objects."),
	"opposition_target_unexpected": say(422, "Seule une opposition désigne une personne, une profession ou une rubrique.", "Only an opposition names a person, a profession or a category."),
	"opposition_target_both":       say(422, "Choisissez une personne ou une profession, pas les deux.", "Choose a person or a profession, not both."),
	"withdraws_other_kind":         say(422, "Ce qui est retiré n’est pas du même type.", "What is withdrawn is not of the same kind."),
	"already_withdrawn":            say(409, "C’est déjà retiré.", "This is already withdrawn."),

	// Places in the circle.
	"professional_unknown": say(422, "Cette personne n’a pas de compte actif ici.", "This person has no active account here."),
	"unknown_basis":        say(422, "Ce fondement n’existe pas.", "This basis does not exist."),
	"from_too_old":         say(422, "Le début est trop ancien.", "The start is too long ago."),
	"from_too_far":         say(422, "Le début est trop lointain.", "The start is too far ahead."),
	"until_before_from":    say(422, "La fin précède le début.", "The end comes before the start."),
	"until_past":           say(422, "La fin est déjà passée.", "The end is already past."),
	"until_too_far":        say(422, "La fin est trop lointaine.", "The end is too far ahead."),

	// Structures.
	"not_found:structure":    say(404, "Introuvable : cette structure, ou cette personne dans la structure, n’existe pas.", "Not found: this structure, or this person in it, does not exist."),
	"structure_unknown":      say(422, "Cette structure n’existe pas.", "This structure does not exist."),
	"structure_kind":         say(422, "Choisissez le type de structure.", "Choose the kind of structure."),
	"structure_finess":       say(422, "Ce numéro FINESS est inexact : vérifiez ses neuf caractères.", "This FINESS number is wrong: check its nine characters."),
	"structure_finess_taken": say(409, "Une autre structure a déjà ce numéro FINESS.", "Another structure already has this FINESS number."),
	"structure_parent":       say(422, "Une antenne se rattache à une structure du même type, qui n’est pas elle-même une antenne.", "A branch belongs to a structure of the same kind that is not a branch itself."),
	"structure_seat":         say(422, "Une structure est intervenante, coordonnatrice ou référente ; le médecin traitant est une personne.", "A structure takes part, coordinates or leads; the treating physician is a person."),
	"structure_already":      say(409, "Cette structure tient déjà cette place dans le cercle de soins.", "This structure already holds this place in the care team."),
	"structure_joined":       say(409, "Cette personne travaille déjà dans cette structure pendant cette période.", "This person already works in this structure during that time."),
	"structure_oneself":      say(422, "Un autre administrateur doit vous ajouter : qui administre ne se donne pas d’accès.", "Another administrator has to add you: nobody who administers gives themselves access."),
	"structure_until":        say(422, "La date de fin ne peut être qu’avancée.", "The end can only be brought forward."),

	// Acting for somebody, emergency access.
	"stand_in_kind":       say(422, "Choisissez un remplacement ou un secrétariat.", "Choose a replacement or a secretariat."),
	"stand_in_until":      say(422, "Dites jusqu’à quand dure le remplacement.", "Say until when the replacement lasts."),
	"stand_in_too_long":   say(422, "Un remplacement dure un an au plus.", "A replacement lasts a year at most."),
	"stand_in_categories": say(422, "Un remplaçant n’a pas de rubriques déléguées : il a les vôtres.", "Somebody who replaces you is delegated no categories: they have yours."),
	"stand_in_teams":      say(422, "Choisissez des dossiers où vous avez vous-même une place.", "Choose records where you have a place of your own."),
	"stand_in_oneself":    say(422, "Choisissez quelqu’un d’autre que vous.", "Choose somebody else than yourself."),
	"stand_in_profession": say(422, "On se fait remplacer par quelqu’un de la même profession.", "Whoever replaces you has the same profession."),

	"emergency_not_open":        say(403, "L’accès d’urgence n’est pas ouvert à votre profession. Appelez le 15, ou la coordination du patient.", "Emergency access is not open to your profession. Call emergency services, or the patient’s coordination."),
	"emergency_no_match":        say(404, "Aucun dossier accessible ne correspond exactement à cette identité. Vérifiez l’orthographe et la date de naissance.", "No record that can be opened has exactly this identity. Check spelling and birth date."),
	"emergency_several":         say(409, "Plusieurs dossiers ont cette identité. Appelez la coordination du patient pour ouvrir le bon.", "Several records have this identity. Call the patient’s coordination to open the right one."),
	"emergency_not_needed":      say(409, "Vous êtes déjà dans le cercle de soins de ce patient.", "You are in this patient’s care team already."),
	"emergency_reviewed":        say(409, "Cet accès d’urgence a déjà été revu.", "This emergency access was reviewed already."),
	"emergency_own_review":      say(403, "Vous ne pouvez pas revoir votre propre accès d’urgence.", "You cannot review your own emergency access."),
	"emergency_reason_short":    say(422, "Dites en quelques mots ce qui rend l’accès urgent.", "Say in a few words what makes the access urgent."),
	"emergency_hours":           say(422, "Choisissez une durée de 1 à 24 heures.", "Choose 1 to 24 hours."),
	"emergency_how":             say(422, "Dites comment le patient a été informé.", "Say how the patient was informed."),
	"emergency_informed_before": say(422, "L’information ne peut pas précéder l’accès.", "The patient cannot have been informed before the access."),
	"emergency_verdict":         say(422, "Dites si cet accès était justifié.", "Say whether this access was justified."),
	"emergency_note_missing":    say(422, "Dites pourquoi cet accès n’était pas justifié.", "Say why this access was not justified."),

	// Accounts.
	"sign_in_failed":           say(401, "Identifiant ou mot de passe non reconnu.", "Login or password not recognised."),
	"too_many_attempts":        say(429, "Trop de demandes à la suite. Patientez un instant, puis réessayez.", "Too many requests in a row. Wait a moment, then try again."),
	"token_invalid":            say(401, "Identifiez-vous pour continuer.", "Sign in to continue."),
	"token_expired":            say(401, "Votre accès est à renouveler.", "Your access needs renewing."),
	"session_expired":          say(401, "Votre session a pris fin. Identifiez-vous de nouveau.", "Your session is over. Sign in again."),
	"session_revoked":          say(401, "Votre session a été fermée. Identifiez-vous de nouveau.", "Your session was closed. Sign in again."),
	"wrong_password":           say(422, "Le mot de passe actuel n’est pas le bon.", "The present password is not the right one."),
	"password_too_short":       say(422, "Le mot de passe est trop court : choisissez une phrase d’au moins 12 caractères.", "The password is too short: choose a phrase of at least 12 characters."),
	"password_too_long":        say(422, "Le mot de passe est trop long.", "The password is too long."),
	"password_too_common":      say(422, "Ce mot de passe est trop facile à deviner.", "This password is too easy to guess."),
	"password_holds_login":     say(422, "Le mot de passe ne doit pas contenir l’identifiant.", "The password must not contain the login."),
	"login_taken":              say(409, "Cet identifiant est déjà pris.", "This login is already taken."),
	"invitation_invalid":       say(410, "Cette invitation n’est plus valable. Demandez-en une autre à l’administration.", "This invitation is no longer valid. Ask the administration for another."),
	"not_found:matrix":         say(404, "Cette version n’existe plus.", "This version or draft no longer exists."),
	"revision_mismatch:matrix": say(412, "Cette version a changé entre-temps. Rechargez-la avant de continuer.", "This draft has changed meanwhile. Load it again before going on."),
	"matrix_ended":             say(409, "Cette version en préparation a déjà été mise en vigueur ou supprimée.", "This draft was already published or put away."),
	"matrix_not_simulated":     say(409, "Simulez cette version telle qu’elle est maintenant avant de la mettre en vigueur.", "Simulate this draft as it now is before publishing it."),
	"matrix_outdated":          say(409, "Une autre version a été mise en vigueur depuis. Reprenez vos changements dans une nouvelle version.", "Another version was published since. Make your changes again in a new draft."),
	"matrix_invalid":           say(422, "Ces tables ne forment pas une matrice.", "These tables do not make a matrix."),

	"forbidden:account":  say(403, "Cette page est réservée à l’administration.", "This page is for the administration."),
	"last_administrator": say(409, "Le dernier compte d’administration ne peut pas être désactivé.", "The last administrator’s account cannot be deactivated."),
	"not_found:account":  say(404, "Introuvable : cette personne ou cette session n’existe plus.", "Not found: this person or session no longer exists."),
	"unknown_profession": say(422, "Cette profession n’est pas reconnue.", "This profession is not recognised."),

	// Ours.
	"unavailable": say(503, "Le service est momentanément indisponible. Réessayez dans un instant.", "The service is briefly unavailable. Try again in a moment."),
	"internal":    say(500, "Un problème est survenu de notre côté. Réessayez ; si cela continue, prévenez l’assistance.", "Something went wrong on our side. Try again; if it goes on, tell support."),
}
