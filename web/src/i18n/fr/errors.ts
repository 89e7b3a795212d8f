export const errors = {
  offline: 'Pas de réseau. Réessayez dès son retour.',
  unknown: 'Cela n’a pas fonctionné. Réessayez dans un instant.',
  unavailable: 'Le service ne répond pas. Réessayez dans un instant.',
  forbidden: 'Vos droits ne permettent pas cette action.',
  not_found: 'Dossier introuvable, ou vous n’y avez pas accès.',
  too_many: 'Trop d’essais. Patientez un peu.',
  sign_in_failed: 'Identifiant ou mot de passe incorrect.',
  storage: 'Cet appareil ne peut pas garder de texte (stockage refusé ou plein). Ne fermez pas cette page avant l’envoi.',
};
