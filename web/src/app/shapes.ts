// What the app layer shows to pages and parts. Everything to watch is a Readable (Svelte: `$name`).

import type { Readable } from '../model/signal';
import type {
  Audience,
  Category,
  CategoryCode,
  ChannelKind,
  Id,
  Instant,
  MaskCode,
  Me,
  Measure,
  Message,
  NewMessage,
  NoteType,
  Team,
  TeamItem,
} from '../model/types';
import type { Threshold } from '../model/series';
import type { Api, ApiError } from './api';
import type { Alerts } from './alerts';
import type { Emergencies } from './emergencies';
import type { Notices } from './notices';
import type { Push } from './push';
import type { Search } from './search';
import type { ThresholdsView } from './thresholds';

export type SignedOutReason = 'session_expired' | 'session_revoked' | 'signed_out' | null;

export type SessionState =
  | { name: 'starting' }
  | { name: 'signed_out'; reason: SignedOutReason }
  | { name: 'signed_in'; me: Me };

export type LiveState = 'connecting' | 'live' | 'offline' | 'signed_out';

/** A file of a draft or of a waiting note. */
export interface LocalDocument {
  /** The future document's. */
  id: Id;
  /** Where its content is on this device. */
  file: Id;
  name: string;
  caption: string;
  /** A national code; absent for none. */
  document_type?: string;
  media_type: string;
  size: number;
  sha256: string;
  width: number | null;
  height: number | null;
  /** What the server may already know it by (caption and type); anything else makes it another document. */
  declared?: string;
}

/** How far the sending of a note's files is. */
export interface UploadProgress {
  /** From 1. */
  place: number;
  total: number;
  /** All of them are photos. */
  photos: boolean;
  sent: number;
  size: number;
}

/** A message kept here until the server has it. */
export interface OutboxItem {
  /** The future message's id. */
  id: Id;
  channel_id: Id;
  team_id: Id;
  body: NewMessage;
  documents?: LocalDocument[];
  state: 'waiting' | 'sending' | 'refused';
  /** The sentence of a refusal. */
  error?: string;
  error_code?: string;
  /** The document that was refused, when it was one. */
  error_document?: Id;
  at: Instant;
  tries: number;
}

/** What is being written, and where. `id` is the future message's, so that posting twice posts once. */
export interface Draft {
  id: Id;
  team_id: Id;
  channel_id: Id;
  thread_id: Id | null;
  category: CategoryCode | null;
  text: string;
  note_type: NoteType | null;
  urgent: boolean;
  measures: Measure[];
  masks: MaskCode[];
  only_to: Id[];
  mentions: Id[];
  documents: LocalDocument[];
  saved_at: Instant;
}

/** Where a draft is. */
export interface DraftPlace {
  team_id: Id;
  channel_id: Id;
  thread_id: Id | null;
}

/** One line of a conversation: a message, or one still here. */
export type Entry =
  | { kind: 'message'; message: Message }
  | { kind: 'outbox'; item: OutboxItem };

/** A conversation as the page shows it: oldest first, waiting ones last. */
export interface ChannelView {
  channel_id: Id;
  team_id: Id;
  /** Roots for a notebook; everything for a discussion. */
  entries: Entry[];
  /** Older ones can be asked for (`store.older`). */
  more: boolean;
  /** Nothing known yet, not even from the device. */
  empty: boolean;
  loading: boolean;
  /** A sentence, when nothing could be read. */
  error: string | null;
}

export interface ThreadView {
  root_id: Id;
  root: Message | null;
  /** Replies only. */
  entries: Entry[];
  loading: boolean;
  error: string | null;
}

export interface TeamsView {
  items: TeamItem[];
  loading: boolean;
  /** True until a list was read from the device or the server. */
  empty: boolean;
  error: string | null;
}

export interface TeamView {
  team: Team | null;
  loading: boolean;
  /** The server said it is not there for us. */
  missing: boolean;
  error: string | null;
}

/** A circle one no longer belongs to; the open page leaves and says so. */
export interface LostTeam {
  team_id: Id;
  /** « MARCILLAC Odette » */
  name: string;
  at: Instant;
}

export interface AudienceQuery {
  category: CategoryCode;
  masks: MaskCode[];
  only_to: Id[];
  thread_id?: Id | null;
  /** Types of the documents that it would carry. */
  types?: string[];
}

export interface AudienceView {
  audience: Audience | null;
  /** When the audience shown was known; tell it when `stale`. */
  known_at: Instant | null;
  /** From memory: no network, or the answer is not there yet. */
  stale: boolean;
  loading: boolean;
  error: string | null;
}

export interface ComposerAudience {
  state: Readable<AudienceView>;
  /** Asks again, 250 ms after the last call. */
  set(query: AudienceQuery): void;
  close(): void;
}

export interface StoreFace {
  teams: Readable<TeamsView>;
  categories: Readable<Category[]>;
  /** The circles lost since the app was opened, newest first. */
  lost: Readable<LostTeam[]>;
  forgetLost(team_id: Id): void;
  /** Messages that left this person's sight since the app was opened: no list made before may show them. */
  gone: Readable<ReadonlySet<Id>>;
  /** By circle, how often messages it had were changed: what is made of them is read again. */
  revised: Readable<Readonly<Record<Id, number>>>;
  /** Total unread over all circles. */
  unread: Readable<number>;
  team(team_id: Id): Readable<TeamView>;
  /** Reads the list again from the server. */
  refreshTeams(): Promise<void>;
  refreshTeam(team_id: Id): Promise<void>;
  /** The channel of that kind, when known. */
  channelOf(team_id: Id, kind: ChannelKind): Id | null;
  /** Watching opens the channel: from the device at once, then from the server. */
  channel(team_id: Id, channel_id: Id): Readable<ChannelView>;
  older(channel_id: Id): Promise<void>;
  thread(team_id: Id, channel_id: Id, root_id: Id): Readable<ThreadView>;
  /** What an address names: to know its channel and its thread. */
  origin(message_id: Id): Promise<Message | null>;
  /** One message, from the device or the server. */
  message(message_id: Id): Promise<Message | null>;
  /** The page shows these; tells the server, in batches, that they were seen. */
  displayed(messages: Message[]): void;
  /** Everything up to this message has been read in this channel. */
  markRead(channel_id: Id, message_id: Id): Promise<void>;
  /** Puts a message the server answered (amend, withdraw, narrow) in its place. */
  put(message: Message): Promise<void>;
}

export interface OutboxFace {
  /** All that has not left this device, oldest first. */
  items: Readable<OutboxItem[]>;
  /** Queues a draft and clears it, in one transaction; twice the same id queues once. */
  post(draft: Draft): Promise<void>;
  /** Tries a refused one again as it is. */
  retry(id: Id): Promise<void>;
  /** Back to a draft, under a new id, to correct it. */
  takeBack(id: Id): Promise<Draft | null>;
  discard(id: Id): Promise<void>;
  /** Takes one file out of a refused note, and sends the rest. */
  withoutDocument(id: Id, document: Id): Promise<void>;
  /** Of the notes this tab is sending, by id. */
  progress: Readable<Record<Id, UploadProgress>>;
}

export interface FilesFace {
  /** Prepares, checks and keeps a file for a draft. Throws FileError. */
  add(team_id: Id, file: File): Promise<LocalDocument>;
  /** Null when this device no longer has it. */
  content(file: Id): Promise<Blob | null>;
  remove(document: LocalDocument): Promise<void>;
}

export interface DraftsFace {
  /** Drafts with something in them, newest first. */
  list: Readable<Draft[]>;
  /** The one kept for this place, or a new empty one. */
  open(place: DraftPlace): Promise<Draft>;
  /** Kept within half a second, and at once when the page is left. */
  save(draft: Draft): void;
  clear(place: DraftPlace): Promise<void>;
  flush(): Promise<void>;
}

/** Everything that belongs to the signed-in person; made at sign-in, closed at sign-out. */
export interface AccountFace {
  me: Me;
  store: StoreFace;
  outbox: OutboxFace;
  drafts: DraftsFace;
  files: FilesFace;
  audiences: { open(team_id: Id): ComposerAudience };
  alerts: Alerts;
  emergencies: Emergencies;
  notices: Notices;
  push: Push;
  search: Search;
  thresholds: { of(team_id: Id): Readable<ThresholdsView>; set(team_id: Id, items: Threshold[]): Promise<void> };
  live: { state: Readable<LiveState>; retry(): void };
}

export interface RouterFace {
  route: Readable<Route>;
  go(path: string, how?: { replace?: boolean }): void;
  back(fallback: string): void;
}

export type DossierView = 'notebook' | 'discussion' | 'measures' | 'documents' | 'circle' | 'accesses';

export type Route =
  | { name: 'home' }
  | { name: 'sign_in' }
  | { name: 'patients' }
  | { name: 'patient_new' }
  | { name: 'emergency' }
  | { name: 'search' }
  | { name: 'alerts' }
  | { name: 'alert'; alert_id: Id }
  | { name: 'dossier'; team_id: Id; view: DossierView }
  | { name: 'message'; team_id: Id; message_id: Id }
  | { name: 'account' }
  | { name: 'accounts' }
  | { name: 'structures' }
  | { name: 'structure'; structure_id: Id }
  | { name: 'matrix' }
  | { name: 'matrix_draft'; draft_id: Id }
  | { name: 'invitation'; token: string }
  | { name: 'not_found'; path: string };

/** The app, as pages see it: `import { app } from '../app/app'`. */
export interface AppFace {
  api: Api;
  session: Readable<SessionState>;
  account: Readable<AccountFace | null>;
  router: RouterFace;
  /** A newer version is installed; `updateNow` reloads into it. */
  update: Readable<boolean>;
  updateNow(): void;
  start(): Promise<void>;
  /** Throws ApiError (sign_in_failed, too_many_attempts) or Offline. */
  signIn(login: string, password: string): Promise<void>;
  acceptInvitation(token: string, login: string, password: string): Promise<void>;
  /** Answers how many texts (waiting or drafted) would be lost, and does nothing, unless told to discard them. Throws Offline. */
  signOut(discard?: boolean): Promise<{ unsent: number }>;
  /** Reads me again (after a change of password, of workplace). */
  refreshMe(): Promise<void>;
}

export type { ApiError };
