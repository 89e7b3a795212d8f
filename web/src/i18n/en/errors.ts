export const errors = {
  offline: 'No network. Try again when it is back.',
  unknown: 'That did not work. Try again in a moment.',
  unavailable: 'The service does not answer. Try again in a moment.',
  forbidden: 'Your rights do not allow this.',
  not_found: 'Record not found, or you have no access to it.',
  too_many: 'Too many attempts. Wait a little.',
  sign_in_failed: 'Wrong login or password.',
  second_factor: 'This account asks for a second proof of identity, which this version of the app does not know yet. Update the app by reloading the page; if that is not enough, ask the person who manages accounts.',
  storage: 'This device cannot keep text (storage refused or full). Do not close this page before sending.',
};
