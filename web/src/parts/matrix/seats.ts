/** The places of a circle that a row or an exception may be for. */
export const seats = ['medecin_traitant', 'referent', 'coordonnateur', 'intervenant', 'remplacant', 'secretariat'] as const;

/** What may be given to somebody to do, as the table of actions names it. */
export const actionCodes = [
  'open_dossier',
  'manage_circle',
  'end_own_membership',
  'record_will',
  'set_alert_rules',
  'break_glass',
  'see_full_reasons',
  'read_dossier_journal',
  'export_dossier',
  'close_dossier',
] as const;

/** The bases of a place that the policy may have wait for a fact, and those facts. */
export const bases = ['*', 'care_team_1', 'care_team_2', 'care_team_3', 'consent'] as const;
export const facts = ['information', 'non_opposition', 'consent'] as const;
