export const errors = {
  offline: 'Pas de réseau. Réessayez dès son retour.',
  unknown: 'Cela n’a pas fonctionné. Réessayez dans un instant.',
  unavailable: 'Le service ne répond pas. Réessayez dans un instant.',
  forbidden: 'Vos droits ne permettent pas cette action.',
  not_found: 'Dossier introuvable, ou vous n’y avez pas accès.',
  too_many: 'Trop d’essais. Patientez un peu.',
  sign_in_failed: 'Identifiant ou mot de passe incorrect.',
  second_factor: 'Ce compte demande une deuxième preuve d’identité, que cette version de l’application ne connaît pas encore. Mettez l’application à jour en rechargeant la page ; si cela ne suffit pas, adressez-vous à la personne qui administre les comptes.',
  storage: 'Cet appareil ne peut pas garder de texte (stockage refusé ou plein). Ne fermez pas cette page avant l’envoi.',
};
