import { t } from '../i18n';
import { ApiError, Offline } from './http';
import { SecondFactorAsked } from './session';

/** What to say of a failed call: the server's own sentence when it gave one. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Offline) return t('errors.offline');
  if (error instanceof SecondFactorAsked) return t('errors.second_factor');
  if (error instanceof ApiError) return error.detail || (error.status >= 500 ? t('errors.unavailable') : t('errors.unknown'));
  return t('errors.unknown');
}
