/** The places of a circle that a row or an exception may be for. */
export const seats = ['medecin_traitant', 'referent', 'coordonnateur', 'intervenant', 'remplacant', 'secretariat'] as const;
