// The shapes of the API, by hand after its contract, in its own words.

export type Id = string;
/** RFC 3339 */
export type Instant = string;
/** yyyy-mm-dd */
export type Day = string;

export type Gender = 'F' | 'M';
export type Sex = 'F' | 'M' | 'U';
export type CategoryCode =
  | 'medical'
  | 'medication'
  | 'nursing'
  | 'psychological'
  | 'functional'
  | 'daily_life'
  | 'social'
  | 'administrative'
  | 'organisation';
export type NoteType = 'DEM-AVIS' | 'GEN' | 'INST' | 'INTERV' | 'OBS';
export type Seat =
  | 'medecin_traitant'
  | 'referent'
  | 'coordonnateur'
  | 'intervenant'
  | 'remplacant'
  | 'secretariat'
  | 'expert';
export type Basis = 'care_team_1' | 'care_team_2' | 'care_team_3' | 'consent' | 'emergency';
export type IdentityStatus = 'PROV' | 'RECUP' | 'VALI' | 'QUAL';
export type MaskCode =
  | 'INVISIBLE_PATIENT'
  | 'INVISIBLE_REPRESENTANTS_LEGAUX'
  | 'MASQUE_PS'
  | 'MASQUE_PSOCIAL'
  | 'MASQUE_PT';
export type ChannelKind = 'discussion' | 'notebook';

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface FieldError {
  field: string;
  code: string;
  detail: string;
}

export interface Profession {
  system: string;
  code: string;
  /** Follows the person's gender. */
  label: string;
  short: string;
}

/** What a message carries of its author. */
export interface Author {
  id: Id;
  display_name: string;
  gender: Gender;
  profession: Profession;
}

export interface Professional extends Author {
  speciality?: { code: string; label: string };
  family_name: string;
  given_name: string;
  title: string | null;
  town: string | null;
}

export interface Workplace {
  id: Id;
  name: string;
  town: string | null;
}

export interface Me extends Professional {
  login: string;
  workplaces: Workplace[];
  workplace_id: Id | null;
  administrator: boolean;
  must_change_password: boolean;
  demo: boolean;
  territory: string;
  instance: string;
  actions: string[];
}

export interface Category {
  code: CategoryCode;
  label: string;
}

export interface Telephone {
  label: string;
  number: string;
}

export interface Carer {
  name: string;
  relation: string;
  telephone: string;
}

export interface Homonym {
  team_id: Id;
  name: string;
  birth_date: Day;
}

export interface Patient {
  id: Id;
  birth_name: string;
  used_name: string | null;
  given_names: string;
  sex: Sex;
  birth_date: Day;
  birth_place: string | null;
  birth_place_code: string | null;
  identity_status: IdentityStatus;
  ins: { matricule: string; oid: string } | null;
  address: string | null;
  town: string | null;
  door_code: string | null;
  telephones: Telephone[];
  carers: Carer[];
  information: { given_by: string; given_at: string } | null;
  homonyms: Homonym[];
}

export interface NewPatient {
  id: Id;
  birth_name: string;
  used_name?: string;
  given_names: string;
  sex: Sex;
  birth_date: Day;
  birth_place?: string;
  birth_place_code?: string;
  identity_status?: IdentityStatus;
  ins_matricule?: string;
  ins_oid?: string;
  address?: string;
  town?: string;
  door_code?: string;
  telephones?: Telephone[];
  carers?: Carer[];
  information: { given_by: string; given_at: string; how?: string };
  seat?: Seat;
  not_a_double?: string[];
}

/** One possible double, in the answer 409 look_alike (ApiError.extras.candidates). */
export interface LookAlike {
  token: string;
  name: string | null;
  birth_date: Day | null;
  town: string | null;
  team_id: Id | null;
}

export interface ChannelItem {
  id: Id;
  kind: ChannelKind;
  unread: number;
  last_at: Instant | null;
}

export interface TeamItem {
  id: Id;
  patient: Patient;
  my_seats: Seat[];
  /** One of one's own, to be handed on; absent from what an older version kept. */
  own_place?: boolean;
  channels: ChannelItem[];
  unread: number;
  open_alerts: number;
  last_at: Instant | null;
}

/** Through whom a place is held that is not one's own. */
export interface Through {
  kind: 'structure' | 'replacement' | 'secretariat';
  id: Id;
  name: string;
}

/** One dated place among those of a member. */
export interface Period {
  id: Id;
  seat: Seat;
  basis: Basis;
  from: Instant;
  until: Instant | null;
  from_now_on: boolean;
  through?: Through;
}

export interface Member {
  /** The membership. */
  id: Id;
  professional: Professional;
  seats: Seat[];
  basis: Basis;
  from: Instant;
  until: Instant | null;
  periods?: Period[];
  /** Of the places held now that are not her own. */
  through?: Through[];
  /** Only for oneself and for those who see full reasons. */
  reads?: CategoryCode[];
  writes?: CategoryCode[];
  profession_reads: CategoryCode[];
  profession_writes: CategoryCode[];
}

export interface MyRights {
  reads: CategoryCode[];
  writes: CategoryCode[];
  alerts: CategoryCode[];
  actions: string[];
  default_category: CategoryCode | null;
}

export interface Team extends TeamItem {
  members: Member[];
  /** Those whose place has ended. */
  ended?: Member[];
  /** Those that have a place, or will have one. */
  structures?: StructurePlace[];
  my: MyRights;
  /** Where nobody manages the circle, who may open dossiers names who will. */
  managed?: boolean;
}

export type StructureKind = 'cabinet' | 'maison_de_sante' | 'pharmacie' | 'ssiad' | 'saad' | 'hopital' | 'dac' | 'autre';

export interface Structure {
  id: Id;
  kind: StructureKind;
  name: string;
  town: string | null;
}

/** The place of a structure in a circle: who works there acts through it. */
export interface StructurePlace extends Omit<Period, 'through'> {
  structure: Structure;
}

export interface NewStructurePlace {
  id: Id;
  structure_id: Id;
  seat: Seat;
  basis: Basis;
  from?: Instant;
  until?: Instant;
  from_now_on?: boolean;
}

/** In the directory: with who works there now. */
export interface StructureItem extends Structure {
  parent: Structure | null;
  working: number;
  people: Professional[];
}

/** What an administrator sees of one: of its circles, how many. */
export interface AdminStructure extends Structure {
  finess: string | null;
  parent: Structure | null;
  working: number;
  circles: number;
}

/** A time during which somebody works in a structure. */
export interface Belonging {
  id: Id;
  professional: Professional;
  from: Instant;
  until: Instant | null;
  ended: boolean;
}

export interface WholeStructure extends AdminStructure {
  people: Belonging[];
}

export interface NewStructure {
  id: Id;
  kind: StructureKind;
  name: string;
  town?: string;
  finess?: string;
  parent_id?: Id;
}

export interface NewBelonging {
  id: Id;
  professional_id: Id;
  from?: Instant;
  until?: Instant;
}

/** Somebody acts for another: replaces her, or is her secretary. */
export interface StandIn {
  id: Id;
  kind: 'replacement' | 'secretariat';
  for: Professional;
  by: Professional;
  from: Instant;
  until: Instant | null;
  /** Before its date. */
  ended: boolean;
  /** Null is every circle, those to come too. */
  team_ids: Id[] | null;
  categories: CategoryCode[];
}

export interface NewStandIn {
  id: Id;
  kind: StandIn['kind'];
  professional_id: Id;
  from?: Instant;
  until?: Instant;
  team_ids?: Id[];
  categories?: CategoryCode[];
}

export interface NewMember {
  id: Id;
  professional_id: Id;
  seat: Seat;
  basis: Basis;
  from?: Instant;
  until?: Instant;
  from_now_on?: boolean;
}

/** An emergency access: what was asked, and what became of it. */
export interface Emergency {
  id: Id;
  team_id: Id;
  professional: Professional;
  reason: string;
  opened_at: Instant;
  until: Instant;
  open: boolean;
  message_id: Id;
  informed: { at: Instant; how: InformedHow; by: Professional } | null;
  review: { verdict: Verdict; note: string; at: Instant; by: Professional } | null;
  may_review: boolean;
}

export type InformedHow = 'letter' | 'mail' | 'in_person' | 'telephone';
export type Verdict = 'justified' | 'unjustified';

export interface DueEmergency extends Emergency {
  patient: Patient;
}

export interface NewEmergency {
  id: Id;
  family_name: string;
  given_name: string;
  birth_date: Day;
  sex: Sex;
  reason: string;
  hours: number;
}

export type WillKind = 'information' | 'non_opposition' | 'consent' | 'opposition';

export interface Will {
  id: Id;
  kind: WillKind;
  professional: Professional | null;
  profession: Profession | null;
  category: CategoryCode | null;
  given_by: string | null;
  given_at: Instant;
  how: string | null;
  recorded_by: Author;
  recorded_at: Instant;
  withdrawn_at: Instant | null;
}

export interface NewWill {
  id: Id;
  kind: WillKind;
  professional_id?: Id;
  profession?: { system: string; code: string };
  category?: CategoryCode;
  given_by?: string;
  given_at?: Instant;
  how?: string;
  withdraws?: Id;
  /** Records it though nobody would manage the circle any more. */
  leave_unmanaged?: boolean;
}

export interface Reader {
  professional: Professional;
  seats: Seat[];
}

export interface NonReader extends Reader {
  reason: { code: 'profession' | 'narrowed' | 'no_access'; detail: string };
}

export interface Audience {
  visible_to: Reader[];
  hidden_from: NonReader[];
  as_of: Instant;
  total: number;
  /** Who is alerted when it is urgent, in this order. */
  alert_order?: { professional: { id: Id; display_name: string }; reachable: boolean }[];
}

export interface Component {
  code: 'systolic' | 'diastolic' | 'value';
  value: number;
  unit: string;
}

export interface Measure {
  code: string;
  components: Component[];
  context?: string;
}

export interface Message {
  id: Id;
  channel_id: Id;
  author: Author;
  category: CategoryCode;
  text: string;
  thread_id: Id | null;
  note_type: NoteType | null;
  urgent: boolean;
  measures: Measure[];
  documents: MessageDocument[];
  mentions: { id: Id; display_name: string }[];
  masks: MaskCode[];
  only_to: Id[];
  written_at: Instant | null;
  created_at: Instant;
  revision: number;
  state: 'posted' | 'amended' | 'withdrawn';
  amended_at: Instant | null;
  /** Since when fewer may read it than once did. */
  narrowed_at?: Instant | null;
  withdrawn: { at: Instant; reason: string | null } | null;
  /** Personal: never in a live frame, so absent until read over REST. */
  replies?: Replies | null;
  receipts?: ReceiptCounts | null;
}

/** What a message carries of a document: nothing personal, since live frames hold it. */
export interface MessageDocument {
  id: Id;
  name: string;
  caption: string | null;
  media_type: string | null;
  size: number;
  width: number | null;
  height: number | null;
  has_thumbnail: boolean;
  /** A national code; absent of what an older server said. */
  document_type?: string | null;
}

export type DocumentState = 'receiving' | 'ready' | 'refused';

export interface Document extends MessageDocument {
  team_id: Id;
  message_id: Id | null;
  channel_id: Id | null;
  uploader: Pick<Author, 'id' | 'display_name' | 'profession'>;
  category: CategoryCode | null;
  /** Bytes the server keeps for good. */
  received: number;
  state: DocumentState;
  /** The code of the problem for which it was refused. */
  refusal: string | null;
  created_at: Instant;
  /** When it was posted. */
  attached_at: Instant | null;
}

export interface NewDocument {
  id: Id;
  team_id: Id;
  name: string;
  size: number;
  sha256: string;
  caption?: string;
  document_type?: string;
}

export interface Replies {
  count: number;
  unread: number;
  last_at: Instant;
  authors: string[];
}

export interface ReceiptCounts {
  delivered: number;
  seen: number;
  of: number;
}

export interface NewMessage {
  id: Id;
  category: CategoryCode;
  text: string;
  thread_id?: Id;
  note_type?: NoteType;
  urgent?: boolean;
  measures?: Measure[];
  document_ids?: Id[];
  only_to?: Id[];
  masks?: MaskCode[];
  mentions?: Id[];
  written_at?: Instant;
}

export type AlertState = 'open' | 'taken' | 'cancelled' | 'unanswered';

/** One person asked, in the order they were. */
export interface AlertStep {
  professional: { id: Id; display_name: string };
  /** Null of somebody who took it unasked. */
  asked_at: Instant | null;
  repeated_at?: Instant | null;
  delivered_at: Instant | null;
  seen_at: Instant | null;
  answered_at: Instant | null;
  outcome: string | null;
}

export interface Alert {
  id: Id;
  team_id: Id;
  channel_id: Id;
  message_id: Id;
  patient: Patient;
  severity: string;
  state: AlertState;
  raised_by: { id: Id; display_name: string };
  raised_at: Instant;
  owner: { id: Id; display_name: string } | null;
  ended_at: Instant | null;
  /** I am asked now. */
  mine: boolean;
  steps: AlertStep[];
}

/** A browser that can be rung. */
export interface Device {
  id: Id;
  name: string;
  created_at: Instant;
  last_reached_at: Instant | null;
  failing: boolean;
  this_session: boolean;
}

export interface NewDevice {
  id: Id;
  name: string;
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

/** Something found, and where. */
export interface Found {
  kind: 'message' | 'patient' | 'document';
  team: { id: Id; patient: Patient };
  message?: Message;
  document?: { id: Id; name: string };
  snippet: { text: string; hit: boolean }[];
}

export interface Receipt {
  professional: Professional;
  delivered_at: Instant | null;
  seen_at: Instant | null;
}

export interface Revision {
  revision: number;
  text: string;
  measures: Measure[];
  reason: string | null;
  at: Instant;
  /** Who might read it until then, where that is what changed. */
  readers: { category: CategoryCode; masks: MaskCode[]; only_to: Id[] } | null;
}

/** What is taken away from a note's readers; what is absent stays. */
export interface Narrowing {
  category?: CategoryCode;
  masks?: MaskCode[];
  only_to?: Id[];
  reason: string;
}

/** Whether somebody reads a note, and why, rule by rule up to the first that refuses. */
export interface Explanation {
  professional: Professional;
  seats: Seat[];
  reads: boolean;
  chain: { step: string; ok: boolean; detail: string }[];
}

export type AccessKind = 'list' | 'read' | 'search' | 'download' | 'write' | 'alert' | 'push' | 'circle' | 'refused';

/** One access to a patient's data, by one person. */
export interface Access {
  /** Of the journal; several people may share it. */
  line: Id;
  at: Instant;
  /** Null: the service itself. */
  professional: Professional | null;
  workplace: string | null;
  address: string | null;
  kind: AccessKind;
  verb: string;
  refused: boolean;
  /** What was done, in words that follow the name. */
  what: string;
  count: number | null;
}

export interface AccessQuery {
  person?: Id;
  kind?: AccessKind;
  from?: Instant;
  to?: Instant;
  cursor?: string;
}

export type ReceiptState = 'delivered' | 'seen';

export type EventType =
  | 'message.created'
  | 'message.updated'
  | 'message.withdrawn'
  | 'message.narrowed'
  | 'receipt'
  | 'read'
  | 'membership'
  | 'alert';

/** A sync event, and a live frame that carries one. */
export interface ChangeEvent {
  type: EventType;
  channel_id: Id;
  team_id?: Id;
  message?: Message;
  /** Alone when the message is no longer for us. */
  message_id?: Id;
  receipt?: {
    message_id: Id;
    professional: { id: Id; display_name: string };
    state: ReceiptState;
    at: Instant;
  };
  read?: { message_id: Id };
  alert?: { id: Id; message_id: Id; state: AlertState };
}

export interface Reset {
  channel_id: Id;
  team_id: Id;
  reason: 'access_lost' | 'access_changed' | 'too_long';
}

export interface SyncAnswer {
  cursor: string;
  more: boolean;
  channels: { id: Id; unread: number; last_at: Instant | null }[];
  events: ChangeEvent[];
  resets: Reset[];
}

export type Frame =
  | ChangeEvent
  | { type: 'hello'; heartbeat_s: number }
  | { type: 'mark'; cursor: string }
  | { type: 'ping' };

export interface SessionItem {
  id: Id;
  device: string;
  created_at: Instant;
  last_used_at: Instant;
  current: boolean;
}

export interface AdminAccount {
  professional: Professional;
  login: string | null;
  active: boolean;
  administrator: boolean;
  last_sign_in: Instant | null;
  /** A link waits to be used. */
  invited_until?: Instant | null;
  /** The matrix does not know the profession. */
  reads_nothing?: boolean;
}

export interface NewAccount {
  id: Id;
  family_name: string;
  given_name: string;
  gender: Gender;
  title?: string;
  profession: { system: string; code: string };
  town?: string;
  speciality?: string;
  administrator?: boolean;
  workplaces?: { id: Id; name: string; town?: string }[];
}

export interface Invitation {
  url: string;
  expires_at: Instant;
}

export interface ProfessionChoice {
  system: string;
  code: string;
  label: string;
}

/** Signed in, or asked for a second factor that this version cannot give. */
export type SignInAnswer = { me: Me } | { second_factor: { methods: string[]; challenge: string } };

/** What anybody may know of a service before signing in. */
export interface Instance {
  territory: string;
  demo: boolean;
  demo_logins?: DemoLogin[];
}

export interface DemoLogin {
  login: string;
  display_name: string;
  gender: Gender;
  profession: Profession;
}

export interface MatrixRow {
  system: string;
  code: string;
  /** A seat, or * for any. */
  seat: string;
  label: string;
  mask_class: string;
  /** Letters r, w and a, or - for none. */
  cells: Record<string, string>;
  /** Absent of a row for any. */
  speciality?: string;
}

/** Who does not read a type of documents, whatever the row gives. */
export interface MatrixException {
  document_type: string;
  system: string;
  code: string;
  seat: string;
}

export interface MatrixAction {
  action: string;
  system: string;
  code: string;
  seat: string;
}

export type MatrixTable = 'categories' | 'actions' | 'exceptions' | 'policy';

/** Categories of a place that wait for a fact of the patient's will. */
export interface MatrixNeed {
  basis: string;
  system: string;
  code: string;
  needs: string;
  /** Codes with spaces between, or * for everything. */
  categories: string;
}

export interface MatrixTables {
  rows: MatrixRow[];
  actions: MatrixAction[];
  exceptions?: MatrixException[];
  policy?: MatrixNeed[];
}

export interface MatrixVersion {
  version: number;
  published_at: Instant;
  published_by: Professional | null;
  comment: string;
}

export interface WholeMatrix extends MatrixVersion, MatrixTables {
  progress?: { spaces: number; done: number };
}

export interface MatrixRight {
  /** Empty of an action. */
  category: string;
  right: string;
}

export interface MatrixSimulation {
  at: Instant;
  teams: number;
  memberships: number;
  changed_teams: number;
  changed_people: number;
  unmanaged_teams: number;
  professions: {
    system: string;
    code: string;
    label: string;
    people: number;
    teams: number;
    gains: (MatrixRight & { people: number; teams: number })[];
    losses: (MatrixRight & { people: number; teams: number })[];
    documents?: { document_type: string; gains: { people: number; teams: number }; losses: { people: number; teams: number } }[];
    masks: boolean;
  }[];
  actions: { action: string; gains: { people: number; teams: number }; losses: { people: number; teams: number } }[];
  examples: { professional: Professional; teams: number; gains: MatrixRight[]; losses: MatrixRight[] }[];
}

export interface MatrixDraft {
  id: Id;
  based_on: number;
  revision: number;
  comment: string;
  author: Professional;
  created_at: Instant;
  updated_at: Instant;
  simulation: MatrixSimulation | null;
  simulated_at: Instant | null;
}

export interface WholeDraft extends MatrixDraft, MatrixTables {}
