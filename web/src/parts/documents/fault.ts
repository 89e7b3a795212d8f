import { lang, t } from '../../i18n';
import { FileError, MAX_BYTES, sizeText, type FileFault, type FileKind } from '../../model/documents';

/** Why a file was not taken, as a sentence. */
export function fileFault(error: unknown): string {
  if (!(error instanceof FileError)) return t('errors.unknown');
  return faultSentence(error.fault, error.kind);
}

export function faultSentence(fault: FileFault, kind: FileKind | null = null): string {
  if (fault === 'not_what_name_says') return t('documents.not_what_name_says', { kind: t(`documents.kind_${kind ?? 'pdf'}`) });
  if (fault === 'too_large') return t('documents.too_large', { size: sizeText(MAX_BYTES, lang.get()) });
  return t(fault === 'empty' ? 'documents.empty_file' : `documents.${fault}`);
}
