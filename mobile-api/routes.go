package mobileapi

// routes lists every call of the API, one a line.
func (a *API) routes() {
	route(a, "POST /api/v1/sign-in", "Open a session", a.signIn, public)
	route(a, "POST /api/v1/refresh", "Exchange a refresh token for its successor", a.refresh, public)
	route(a, "GET /api/v1/instance", "Which service this is; in a demo, whom to sign in as", a.instance, public)
	route(a, "GET /api/v1/invitations/{token}", "Whom an invitation is for", a.invitation, public)
	route(a, "POST /api/v1/invitations/{token}/accept", "Choose login and password, open a session", a.acceptInvitation, public)
	route(a, "POST /api/v1/sign-out", "End the present session", a.signOut)
	route(a, "GET /api/v1/sessions", "One's open sessions", a.sessions)
	route(a, "DELETE /api/v1/sessions", "End one's other sessions", a.endOtherSessions)
	route(a, "DELETE /api/v1/sessions/{id}", "End one of one's sessions", a.endSession)
	route(a, "POST /api/v1/password", "Change one's password; other sessions end", a.changePassword)
	route(a, "GET /api/v1/me", "One's own account", a.me)

	route(a, "GET /api/v1/categories", "What messages are about, in the order of the matrix", a.categories)
	route(a, "GET /api/v1/professions", "Professions a person can be given", a.professions)
	route(a, "GET /api/v1/professionals", "People of this instance", a.professionals)

	route(a, "GET /api/v1/admin/accounts", "Every account, for an administrator", a.accounts)
	route(a, "POST /api/v1/admin/accounts", "Make a person, an account and its invitation", a.createAccount, created)
	route(a, "POST /api/v1/admin/accounts/{id}/reset", "End a person's sessions and password, make a link", a.resetAccount)
	route(a, "POST /api/v1/admin/accounts/{id}/deactivate", "Close an account and cut its sessions", a.deactivateAccount)
	route(a, "POST /api/v1/admin/accounts/{id}/reactivate", "Open an account again", a.reactivateAccount)

	route(a, "POST /api/v1/patients", "Open a patient's dossier and circle", a.openDossier, created)
	route(a, "GET /api/v1/patients/look-alikes", "Dossiers one sees that may be the one looked for", a.suggest)
	route(a, "GET /api/v1/teams", "The circles one belongs to", a.teams)
	route(a, "GET /api/v1/teams/{team}", "One circle", a.team)
	route(a, "PATCH /api/v1/teams/{team}/patient", "Correct what is known of the patient", a.correctPatient)
	route(a, "POST /api/v1/teams/{team}/members", "Give a place in the circle", a.addMember, created)
	route(a, "DELETE /api/v1/teams/{team}/members/{professional}", "End a person's places in the circle", a.endMember)
	route(a, "GET /api/v1/teams/{team}/will", "Information, consents, oppositions", a.will)
	route(a, "POST /api/v1/teams/{team}/will", "Record or withdraw one", a.recordWill, created)
	route(a, "GET /api/v1/teams/{team}/thresholds", "Beyond what a patient's measures are flagged", a.thresholds)
	route(a, "PUT /api/v1/teams/{team}/thresholds", "Set some of them", a.setThresholds)
	route(a, "GET /api/v1/teams/{team}/audience", "Who would read a message, who would not, and why", a.audience)

	route(a, "GET /api/v1/teams/{team}/measures", "Measures over time, oldest first", a.measures)

	route(a, "POST /api/v1/channels/{channel}/messages", "Post a message or a note", a.postMessage, created)
	route(a, "GET /api/v1/channels/{channel}/messages", "Messages one may see, newest first", a.messages)
	route(a, "PUT /api/v1/channels/{channel}/read", "Move one's read mark", a.markRead)
	route(a, "GET /api/v1/messages/{id}", "One message", a.message)
	route(a, "PATCH /api/v1/messages/{id}", "Correct one's own message", a.amendMessage)
	route(a, "POST /api/v1/messages/{id}/withdraw", "Take one's own message back", a.withdrawMessage)
	route(a, "GET /api/v1/messages/{id}/thread", "A root and its replies, oldest first", a.thread)
	route(a, "GET /api/v1/messages/{id}/revisions", "What a message said before", a.revisions)
	route(a, "GET /api/v1/messages/{id}/receipts", "Whom one's own message reached", a.receipts)
	route(a, "POST /api/v1/receipts", "Messages that reached a device, or were seen", a.receive)
	route(a, "GET /api/v1/search", "Patients one follows, messages and documents one may read", a.search)
	route(a, "GET /api/v1/sync", "What was missed since a cursor", a.sync)
}
