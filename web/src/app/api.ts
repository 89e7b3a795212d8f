import type {
  AdminAccount,
  AdminStructure,
  Belonging,
  NewBelonging,
  NewStructure,
  NewStructurePlace,
  StructureItem,
  WholeStructure,
  Alert,
  Audience,
  Category,
  Device,
  Document,
  DueEmergency,
  Emergency,
  Found,
  Id,
  InformedHow,
  Instance,
  Instant,
  Invitation,
  Me,
  MatrixDraft,
  MatrixTable,
  MatrixTables,
  MatrixVersion,
  Measure,
  Message,
  Access,
  AccessQuery,
  Explanation,
  Narrowing,
  NewAccount,
  NewDevice,
  NewDocument,
  NewEmergency,
  NewMember,
  NewMessage,
  NewPatient,
  NewStandIn,
  NewWill,
  Page,
  Patient,
  ProfessionChoice,
  Professional,
  Receipt,
  ReceiptState,
  Revision,
  SessionItem,
  SignInAnswer,
  StandIn,
  SyncAnswer,
  Team,
  TeamItem,
  Verdict,
  WholeDraft,
  WholeMatrix,
  Will,
} from '../model/types';
import type { Measured, Threshold } from '../model/series';
import { Http, type HttpOptions, Offline } from './http';

export { ApiError, Offline } from './http';

export interface AudienceParams {
  category: string;
  masks?: string[];
  only_to?: string[];
  thread_id?: Id | null;
  /** Types of the documents that it would carry. */
  types?: string[];
}

const id = encodeURIComponent;
/** A piece on the weakest network that still moves. */
const PIECE_MS = 120_000;

/** Every call of the server, one function each. Each throws ApiError or Offline. */
export class Api {
  readonly http: Http;

  constructor(options: HttpOptions = {}) {
    this.http = new Http(options);
  }

  signIn(login: string, password: string): Promise<SignInAnswer> {
    return this.http.post('/sign-in', { login, password }, { headers: { 'X-Liaison-Client': 'web' } });
  }
  instance(): Promise<Instance> {
    return this.http.get('/instance');
  }
  signOut(): Promise<void> {
    return this.http.post('/sign-out', {});
  }
  me(): Promise<Me> {
    return this.http.get('/me');
  }
  password(current: string, next: string): Promise<void> {
    return this.http.post('/password', { current, new: next });
  }
  sessions(): Promise<Page<SessionItem>> {
    return this.http.get('/sessions');
  }
  endOtherSessions(): Promise<void> {
    return this.http.delete('/sessions');
  }
  endSession(session: Id): Promise<void> {
    return this.http.delete(`/sessions/${id(session)}`);
  }
  /** With a login, the invitation only resets a password. */
  invitation(token: string): Promise<{ display_name: string; territory: string; login?: string }> {
    return this.http.get(`/invitations/${id(token)}`);
  }
  acceptInvitation(token: string, login: string, password: string): Promise<SignInAnswer> {
    const headers = { 'X-Liaison-Client': 'web' };
    return this.http.post(`/invitations/${id(token)}/accept`, { login: login || undefined, password }, { headers });
  }

  categories(): Promise<Category[]> {
    return this.http.get('/categories');
  }
  professions(): Promise<ProfessionChoice[]> {
    return this.http.get('/professions');
  }
  professionals(q: string, cursor?: string): Promise<Page<Professional>> {
    return this.http.get('/professionals', { q, cursor });
  }

  createPatient(patient: NewPatient): Promise<{ id: Id; team_id: Id }> {
    return this.http.post('/patients', patient);
  }
  lookAlikes(birth_date: string, name: string): Promise<{ items: { team_id: Id; patient: Patient }[] }> {
    return this.http.get('/patients/look-alikes', { birth_date, name });
  }
  updatePatient(team: Id, change: Partial<Omit<NewPatient, 'id'>>): Promise<Patient> {
    return this.http.patch(`/teams/${id(team)}/patient`, change);
  }

  breakGlass(asked: NewEmergency): Promise<Emergency> {
    return this.http.post('/emergencies', asked);
  }
  /** What I have to follow up, and my own that are open. */
  emergenciesDue(): Promise<Page<DueEmergency>> {
    return this.http.get('/emergencies');
  }
  emergencies(team: Id): Promise<Page<Emergency>> {
    return this.http.get(`/teams/${id(team)}/emergencies`);
  }
  informed(team: Id, emergency: Id, at: Instant, how: InformedHow): Promise<Emergency> {
    return this.http.post(`/teams/${id(team)}/emergencies/${id(emergency)}/informed`, { at, how });
  }
  review(team: Id, emergency: Id, verdict: Verdict, note: string): Promise<Emergency> {
    return this.http.post(`/teams/${id(team)}/emergencies/${id(emergency)}/review`, { verdict, note });
  }
  emergencyLetter(team: Id, emergency: Id): Promise<Blob> {
    return this.http.file(`/teams/${id(team)}/emergencies/${id(emergency)}/letter.pdf`);
  }

  teams(cursor?: string): Promise<Page<TeamItem>> {
    return this.http.get('/teams', { cursor });
  }
  team(team: Id): Promise<Team> {
    return this.http.get(`/teams/${id(team)}`);
  }
  addMember(team: Id, member: NewMember): Promise<void> {
    return this.http.post(`/teams/${id(team)}/members`, member);
  }
  removeMember(team: Id, professional: Id): Promise<void> {
    return this.http.delete(`/teams/${id(team)}/members/${id(professional)}`);
  }
  addStructure(team: Id, place: NewStructurePlace): Promise<void> {
    return this.http.post(`/teams/${id(team)}/structures`, place);
  }
  removeStructure(team: Id, structure: Id): Promise<void> {
    return this.http.delete(`/teams/${id(team)}/structures/${id(structure)}`);
  }
  /** Who acts for me, and for whom I act. */
  standIns(): Promise<Page<StandIn>> {
    return this.http.get('/stand-ins');
  }
  addStandIn(standIn: NewStandIn): Promise<StandIn> {
    return this.http.post('/stand-ins', standIn);
  }
  endStandIn(standIn: Id): Promise<void> {
    return this.http.delete(`/stand-ins/${id(standIn)}`);
  }
  wills(team: Id): Promise<Page<Will>> {
    return this.http.get(`/teams/${id(team)}/will`);
  }
  addWill(team: Id, will: NewWill): Promise<void> {
    return this.http.post(`/teams/${id(team)}/will`, will);
  }
  audience(team: Id, params: AudienceParams, signal?: AbortSignal): Promise<Audience> {
    const { category, masks, only_to, thread_id, types } = params;
    const query = { category, mask: masks, only_to, thread_id: thread_id ?? undefined, document_type: types };
    return this.http.get(`/teams/${id(team)}/audience`, query, { signal });
  }

  measures(team: Id, options: { code?: string; from?: string } = {}): Promise<Measured> {
    return this.http.get(`/teams/${id(team)}/measures`, options);
  }
  alerts(state: 'open' | 'ended', cursor?: string): Promise<Page<Alert>> {
    return this.http.get('/alerts', { state, cursor });
  }
  alert(alert: Id): Promise<Alert> {
    return this.http.get(`/alerts/${id(alert)}`);
  }
  alertOf(message: Id): Promise<Alert> {
    return this.http.get(`/messages/${id(message)}/alert`);
  }
  takers(alert: Id): Promise<Page<{ professional: Professional; reachable: boolean }>> {
    return this.http.get(`/alerts/${id(alert)}/takers`);
  }
  acknowledge(alert: Id, outcome: 'taken' | 'handed_over', to?: Id): Promise<Alert> {
    return this.http.post(`/alerts/${id(alert)}/acknowledge`, { outcome, to });
  }
  alertShown(alert: Id): Promise<void> {
    return this.http.post(`/alerts/${id(alert)}/shown`, {});
  }
  alertSeen(alert: Id): Promise<void> {
    return this.http.post(`/alerts/${id(alert)}/seen`, {});
  }
  devices(): Promise<Page<Device> & { push_key: string }> {
    return this.http.get('/devices');
  }
  addDevice(device: NewDevice): Promise<Device> {
    return this.http.post('/devices', device);
  }
  testDevice(device: Id): Promise<void> {
    return this.http.post(`/devices/${id(device)}/test`, {});
  }
  removeDevice(device: Id): Promise<void> {
    return this.http.delete(`/devices/${id(device)}`);
  }
  search(
    params: { q: string; team?: Id; category?: string; kind?: string; from?: string; cursor?: string },
    signal?: AbortSignal,
  ): Promise<Page<Found> & { complete: boolean }> {
    return this.http.get('/search', params, { signal });
  }
  thresholds(team: Id): Promise<{ items: Threshold[]; may_set: boolean }> {
    return this.http.get(`/teams/${id(team)}/thresholds`);
  }
  setThresholds(team: Id, items: Threshold[]): Promise<void> {
    return this.http.put(`/teams/${id(team)}/thresholds`, { items });
  }

  messages(
    channel: Id,
    options: { limit?: number; cursor?: string; root_only?: boolean } = {},
  ): Promise<Page<Message>> {
    const { limit, cursor, root_only } = options;
    const query = { limit, cursor, root_only: root_only ? 'true' : undefined };
    return this.http.get(`/channels/${id(channel)}/messages`, query);
  }
  message(message: Id): Promise<Message> {
    return this.http.get(`/messages/${id(message)}`);
  }
  thread(root: Id, cursor?: string): Promise<Page<Message>> {
    return this.http.get(`/messages/${id(root)}/thread`, { cursor });
  }
  post(channel: Id, body: NewMessage): Promise<Message> {
    return this.http.post(`/channels/${id(channel)}/messages`, body);
  }
  amend(
    message: Pick<Message, 'id' | 'revision'>,
    change: { text?: string; measures?: Measure[]; reason: string },
  ): Promise<Message> {
    const headers = { 'If-Match': String(message.revision) };
    return this.http.patch(`/messages/${id(message.id)}`, change, { headers });
  }
  withdraw(message: Id, reason: string): Promise<Message> {
    return this.http.post(`/messages/${id(message)}/withdraw`, { reason });
  }
  narrow(message: Pick<Message, 'id' | 'revision'>, change: Narrowing): Promise<Message> {
    const headers = { 'If-Match': String(message.revision) };
    return this.http.post(`/messages/${id(message.id)}/narrow`, change, { headers });
  }
  /** Throws ApiError forbidden for who does not see full reasons. */
  explain(message: Id): Promise<Page<Explanation>> {
    return this.http.get(`/messages/${id(message)}/explain`);
  }
  accesses(team: Id, query: AccessQuery): Promise<Page<Access>> {
    return this.http.get(`/teams/${id(team)}/journal`, { ...query });
  }
  accessReport(team: Id, query: Omit<AccessQuery, 'cursor'>): Promise<Blob> {
    return this.http.file(`/teams/${id(team)}/journal.pdf`, { ...query });
  }
  receipts(message: Id): Promise<Page<Receipt>> {
    return this.http.get(`/messages/${id(message)}/receipts`);
  }
  revisions(message: Id): Promise<Page<Revision>> {
    return this.http.get(`/messages/${id(message)}/revisions`);
  }
  read(channel: Id, message_id: Id): Promise<void> {
    return this.http.put(`/channels/${id(channel)}/read`, { message_id });
  }
  sendReceipts(items: { message_id: Id; state: ReceiptState }[]): Promise<void> {
    return this.http.post('/receipts', { items });
  }
  createDocument(document: NewDocument, signal?: AbortSignal): Promise<Document> {
    return this.http.post('/documents', document, { signal });
  }
  /** Up to where the server keeps it for good. */
  async documentOffset(document: Id, signal?: AbortSignal): Promise<number> {
    return offset(await this.http.exchange('HEAD', `/documents/${id(document)}/content`, { signal }));
  }
  /** Throws 409 offset_mismatch with `extras.upload_offset`. */
  async sendPiece(document: Id, at: number, body: ArrayBuffer, signal?: AbortSignal): Promise<number> {
    const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(at) };
    const exchange = { body, headers, signal, timeoutMs: PIECE_MS };
    return offset(await this.http.exchange('PATCH', `/documents/${id(document)}/content`, exchange));
  }
  deleteDocument(document: Id): Promise<void> {
    return this.http.delete(`/documents/${id(document)}`);
  }
  document(document: Id): Promise<Document> {
    return this.http.get(`/documents/${id(document)}`);
  }
  documents(team: Id, cursor?: string): Promise<Page<Document>> {
    return this.http.get(`/teams/${id(team)}/documents`, { cursor });
  }
  sync(cursor: string | null): Promise<SyncAnswer> {
    return this.http.get('/sync', { cursor: cursor ?? undefined });
  }

  accounts(cursor?: string): Promise<Page<AdminAccount>> {
    return this.http.get('/admin/accounts', { cursor });
  }
  createAccount(account: NewAccount): Promise<{ professional: Professional; invitation: Invitation }> {
    return this.http.post('/admin/accounts', account);
  }
  resetAccount(account: Id): Promise<{ invitation: Invitation }> {
    return this.http.post(`/admin/accounts/${id(account)}/reset`, {});
  }
  setSpeciality(account: Id, speciality: string): Promise<void> {
    return this.http.put(`/admin/accounts/${id(account)}/speciality`, { speciality });
  }
  deactivateAccount(account: Id): Promise<void> {
    return this.http.post(`/admin/accounts/${id(account)}/deactivate`, {});
  }
  reactivateAccount(account: Id): Promise<void> {
    return this.http.post(`/admin/accounts/${id(account)}/reactivate`, {});
  }

  structures(q: string, cursor?: string): Promise<Page<StructureItem>> {
    return this.http.get('/structures', { q, cursor });
  }
  adminStructures(cursor?: string): Promise<Page<AdminStructure>> {
    return this.http.get('/admin/structures', { limit: 100, cursor });
  }
  adminStructure(structure: Id): Promise<WholeStructure> {
    return this.http.get(`/admin/structures/${id(structure)}`);
  }
  makeStructure(structure: NewStructure): Promise<AdminStructure> {
    return this.http.post('/admin/structures', structure);
  }
  correctStructure({ id: structure, ...fields }: NewStructure): Promise<AdminStructure> {
    return this.http.put(`/admin/structures/${id(structure)}`, fields);
  }
  joinStructure(structure: Id, belonging: NewBelonging): Promise<Belonging> {
    return this.http.post(`/admin/structures/${id(structure)}/people`, belonging);
  }
  /** At an instant to come, or now. */
  leaveStructure(structure: Id, belonging: Id, until?: Instant): Promise<void> {
    return this.http.delete(`/admin/structures/${id(structure)}/people/${id(belonging)}${until ? `?until=${id(until)}` : ''}`);
  }

  matrix(): Promise<WholeMatrix> {
    return this.http.get('/matrix');
  }
  matrixVersions(): Promise<Page<MatrixVersion>> {
    return this.http.get('/admin/matrix/versions');
  }
  matrixDrafts(): Promise<Page<MatrixDraft>> {
    return this.http.get('/admin/matrix/drafts');
  }
  newMatrixDraft(draft: { id: Id; from_version?: number }): Promise<WholeDraft> {
    return this.http.post('/admin/matrix/drafts', draft);
  }
  matrixDraft(draft: Id): Promise<WholeDraft> {
    return this.http.get(`/admin/matrix/drafts/${id(draft)}`);
  }
  changeMatrixDraft({ id: draft, revision }: Pick<WholeDraft, 'id' | 'revision'>, to: MatrixTables & { comment: string }): Promise<WholeDraft> {
    return this.http.put(`/admin/matrix/drafts/${id(draft)}`, to, { headers: { 'If-Match': String(revision) } });
  }
  importMatrixDraft(
    { id: draft, revision }: Pick<WholeDraft, 'id' | 'revision'>,
    files: { categories: string; actions: string; exceptions: string; policy: string; comment: string },
  ): Promise<WholeDraft> {
    return this.http.put(`/admin/matrix/drafts/${id(draft)}/csv`, files, { headers: { 'If-Match': String(revision) } });
  }
  async matrixTable(draft: Id, table: MatrixTable): Promise<string> {
    return this.http.text(`/admin/matrix/drafts/${id(draft)}/csv?table=${table}`);
  }
  simulateMatrixDraft(draft: Id): Promise<WholeDraft> {
    return this.http.post(`/admin/matrix/drafts/${id(draft)}/simulate`, undefined, { timeoutMs: 120_000 });
  }
  publishMatrixDraft(draft: Id, comment: string): Promise<{ version: number }> {
    return this.http.post(`/admin/matrix/drafts/${id(draft)}/publish`, { comment });
  }
  discardMatrixDraft(draft: Id): Promise<void> {
    return this.http.delete(`/admin/matrix/drafts/${id(draft)}`);
  }
}

/** Without it, something between us and the server answered. */
function offset(headers: Headers): number {
  const value = headers.get('Upload-Offset');
  if (value === null || !/^\d+$/.test(value)) throw new Offline('not our server');
  return Number(value);
}

/** Every page of a list, one after the other. */
export async function all<T>(page: (cursor?: string) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const answer = await page(cursor);
    items.push(...answer.items);
    cursor = answer.next ?? undefined;
  } while (cursor);
  return items;
}

