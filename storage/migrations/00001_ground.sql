-- The ground: people, spaces, circles, messages, events, journal.
-- Conventions: a category, a mask and an action is one bit of an int (access/bits.go holds the same numbers, a test compares);
-- ids are made by clients (UUIDv7); xid columns hold the writing transaction, for resuming from a horizon.

-- +goose Up

-- +goose StatementBegin
do $$
begin
  if not exists (select from pg_roles where rolname = 'liaison_app') then
    create role liaison_app login noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'liaison_locator') then
    create role liaison_locator nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'liaison_backup') then
    create role liaison_backup nologin;
  end if;
end $$;
-- +goose StatementEnd

grant usage on schema public to liaison_app, liaison_locator, liaison_backup;
-- A definer function changes hands below: that asks create on the schema and membership of the new owner.
grant create on schema public to liaison_locator;
grant liaison_locator, liaison_app, liaison_backup to current_user;

create table instance (
  single      boolean primary key default true check (single),
  id          uuid not null,
  incarnation uuid not null,
  territory   text not null,
  demo        boolean not null default false,
  created_at  timestamptz not null default now()
);

-- People ---------------------------------------------------------------------------------------------------------

create table professionals (
  id                uuid primary key,
  family_name       text not null,
  given_name        text not null,
  gender            text not null check (gender in ('F', 'M')),
  title             text,
  profession_system text not null,
  profession_code   text not null,
  town              text,
  name_key          text not null,
  rpps              text,
  created_at        timestamptz not null default now()
);
-- Found by the beginning of any of their names, in any order.
create index professionals_words on professionals using gin (to_tsvector('simple', name_key));
create index professionals_name on professionals (name_key, id);

create table workplaces (
  id              uuid primary key,
  professional_id uuid not null references professionals,
  name            text not null,
  town            text
);
create index workplaces_professional on workplaces (professional_id);

create table accounts (
  person_id       uuid primary key references professionals,
  login           text,                 -- chosen with the password, at the invitation
  password_hash   text,
  active          boolean not null default true,
  administrator   boolean not null default false,
  must_change     boolean not null default false,
  failures        int not null default 0,
  failed_at       timestamptz,
  last_sign_in_at timestamptz,
  created_at      timestamptz not null default now()
);
create unique index accounts_login on accounts (lower(login));

create table invitations (
  token_hash bytea primary key,
  person_id  uuid not null references accounts,
  purpose    text not null check (purpose in ('invite', 'reset')),
  created_by uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index invitations_person on invitations (person_id);

create table sessions (
  id             uuid primary key,
  person_id      uuid not null references accounts,
  workplace_id   uuid,
  kind           text not null check (kind in ('web', 'token')),
  device         text not null,
  cookie_hash    bytea unique,
  created_at     timestamptz not null default now(),
  last_used_at   timestamptz not null default now(),
  expires_at     timestamptz not null,
  revoked_at     timestamptz,
  revoked_reason text
);
create index sessions_person on sessions (person_id) where revoked_at is null;

create table refresh_tokens (
  hash           bytea primary key,
  session_id     uuid not null references sessions,
  created_at     timestamptz not null default now(),
  used_at        timestamptz,
  successor_hash bytea
);
create index refresh_tokens_session on refresh_tokens (session_id);

-- Spaces, channels, standings ------------------------------------------------------------------------------------

create table spaces (
  id         uuid primary key,
  kind       text not null check (kind in ('team')),
  created_by uuid not null,
  created_at timestamptz not null default now()
);

create table channels (
  id       uuid primary key,
  space_id uuid not null references spaces,
  kind     text not null check (kind in ('discussion', 'notebook')),
  head     bigint not null default 0,   -- position of the newest event
  epoch    bigint not null default 0,   -- counts the changes of standing
  xid      xid8 not null default pg_current_xact_id()
);
create index channels_space on channels (space_id);

create table matrices (
  version      int primary key,
  categories   text not null,
  actions      text not null,
  comment      text not null default '',
  published_by uuid,
  published_at timestamptz not null default now()
);

create table standings (
  person_id    uuid not null,
  space_id     uuid not null,
  valid_from   timestamptz not null,
  valid_until  timestamptz not null default '9999-01-01 00:00:00+00',
  reads        int not null,
  writes       int not null,
  alerts       int not null,
  mask_class   int not null,
  actions      int not null,
  seats        text[] not null,
  history_from timestamptz not null default '0001-01-01 00:00:00+00',
  xid          xid8 not null default pg_current_xact_id(),
  primary key (person_id, space_id, valid_from),
  check (valid_from < valid_until)
);
create index standings_space on standings (space_id);
create index standings_person_xid on standings (person_id, xid);

-- The moments at which a standing begins or ends by itself: a durable timer bumps the epoch at each.
create table boundaries (
  space_id uuid not null,
  at       timestamptz not null,
  primary key (space_id, at)
);
create index boundaries_at on boundaries (at);

-- Circles --------------------------------------------------------------------------------------------------------

create table patients (
  id                uuid primary key,
  space_id          uuid not null unique references spaces,
  birth_name        text not null,
  used_name         text,
  given_names       text not null,
  sex               text not null check (sex in ('F', 'M', 'U')),
  birth_date        date not null,
  birth_place       text,
  birth_place_code  text,
  identity_status   text not null check (identity_status in ('PROV', 'RECUP', 'VALI', 'QUAL')),
  ins_matricule     text,
  ins_oid           text,
  address           text,
  town              text,
  door_code         text,
  telephones        jsonb not null default '[]',
  carers            jsonb not null default '[]',
  birth_name_key    text not null,
  used_name_key     text not null,
  given_names_key   text not null,
  revision          int not null default 1,
  created_by        uuid not null,
  created_at        timestamptz not null default now()
);
create index patients_birth on patients (birth_date);

create table memberships (
  id           uuid primary key,
  space_id     uuid not null references spaces,
  person_id    uuid not null references professionals,
  seat         text not null,
  basis        text not null,
  valid_from   timestamptz not null,
  valid_until  timestamptz not null default '9999-01-01 00:00:00+00',
  from_now_on  boolean not null default false,
  added_by     uuid not null,
  created_at   timestamptz not null default now(),
  ended_by     uuid,
  ended_at     timestamptz
);
create index memberships_space on memberships (space_id);
create index memberships_person on memberships (person_id);

-- The patient's will: separate dated facts, never one flag.
create table wills (
  id                uuid primary key,
  space_id          uuid not null references spaces,
  kind              text not null check (kind in ('information', 'non_opposition', 'consent', 'opposition')),
  person_id         uuid,
  profession_system text,
  profession_code   text,
  category          int,
  given_by          text,
  how               text,
  given_at          timestamptz not null,
  recorded_by       uuid not null,
  recorded_at       timestamptz not null default now(),
  withdraws         uuid references wills
);
create index wills_space on wills (space_id);

-- Messages -------------------------------------------------------------------------------------------------------

create table messages (
  id           uuid primary key,
  space_id     uuid not null,
  channel_id   uuid not null,
  position     bigint not null,         -- of the event that created it
  author_id    uuid not null,
  thread_id    uuid,
  category     int not null,            -- one bit
  masks        int not null default 0,
  only_to      uuid[],
  note_type    text,
  urgent       boolean not null default false,
  state        text not null default 'posted' check (state in ('posted', 'amended', 'withdrawn')),
  revision     int not null default 1,
  body         bytea not null,          -- sealed: text, measures, mentions of the present revision
  fingerprint  bytea not null,          -- keyed hash of what was first posted, for replays
  written_at   timestamptz not null,
  created_at   timestamptz not null,
  changed_at   timestamptz
);
create unique index messages_position on messages (channel_id, position);
create index messages_thread on messages (thread_id, position) where thread_id is not null;
create index messages_roots on messages (channel_id, position) where thread_id is null;

create table message_revisions (
  message_id uuid not null references messages,
  revision   int not null,
  space_id   uuid not null,
  body       bytea not null,            -- sealed, as it was before the revision that follows
  reason     bytea,                     -- sealed: why the revision that follows was made
  at         timestamptz not null,
  primary key (message_id, revision)
);

create table read_marks (
  person_id  uuid not null,
  channel_id uuid not null,
  position   bigint not null,
  xid        xid8 not null default pg_current_xact_id(),
  primary key (person_id, channel_id)
);
create index read_marks_xid on read_marks (person_id, xid);

create table receipts (
  message_id   uuid not null,
  person_id    uuid not null,
  author_id    uuid not null,
  space_id     uuid not null,
  channel_id   uuid not null,
  delivered_at timestamptz not null,
  seen_at      timestamptz,
  xid          xid8 not null default pg_current_xact_id(),
  primary key (message_id, person_id)
);
create index receipts_author on receipts (author_id, xid);

-- Events: what happened, in the order of each channel. Ids and codes only.
create table events (
  channel_id uuid not null,
  position   bigint not null,
  space_id   uuid not null,
  epoch      bigint not null,
  type       text not null,
  message_id uuid,
  person_id  uuid,                      -- membership: whose standing changed
  at         timestamptz not null,
  xid        xid8 not null default pg_current_xact_id(),
  primary key (channel_id, position)
);
create index events_xid on events (channel_id, xid);
create index events_person on events (person_id, xid) where person_id is not null;

-- Journal --------------------------------------------------------------------------------------------------------

create table audit_lines (
  id         uuid primary key,
  at         timestamptz not null default clock_timestamp(),
  actor      uuid not null,
  session    uuid,
  workplace  uuid,
  verb       text not null,
  outcome    text not null check (outcome in ('done', 'refused')),
  space_id   uuid,
  object     uuid,
  detail     jsonb,
  address    text,
  xid        xid8 not null default pg_current_xact_id()
);
create index audit_lines_xid on audit_lines (xid);
create index audit_lines_space on audit_lines (space_id, at);

create table audit_blocks (
  number    bigint primary key,
  from_xid  xid8 not null,
  to_xid    xid8 not null,
  sealed_at timestamptz not null,
  lines     int not null,
  leaves    bytea not null,             -- per line: 16 bytes of id, 32 of hash, in order
  root      bytea not null,
  previous  bytea not null,
  key_id    text not null,
  signature bytea not null
);

-- Rights of the application role ---------------------------------------------------------------------------------

grant select, insert, update on instance, professionals, accounts, invitations, sessions, refresh_tokens, spaces, channels,
  patients, memberships, messages, read_marks, receipts to liaison_app;
grant select, insert, update, delete on workplaces, standings, boundaries to liaison_app;
grant delete on refresh_tokens to liaison_app;
grant select, insert on wills, message_revisions, events, matrices, audit_blocks to liaison_app;
-- A line's time and transaction are the database's word, not the application's.
grant select on audit_lines to liaison_app;
grant insert (id, actor, session, workplace, verb, outcome, space_id, object, detail, address) on audit_lines to liaison_app;

-- The second lock ------------------------------------------------------------------------------------------------
-- Independent of the Go code. It protects from a forgotten predicate, not from SQL injection.

-- An unset setting reads as '' after its first use in a session, hence nullif.
create function app_actor() returns uuid language sql stable parallel safe as
  $$ select nullif(current_setting('liaison.actor', true), '')::uuid $$;

-- Named system actors (access.System…): recompiling standings, relaying committed messages to listeners.
create function app_recompiler() returns uuid language sql immutable parallel safe as
  $$ select '00000000-0000-7000-8000-000000000001'::uuid $$;
create function app_relay() returns uuid language sql immutable parallel safe as
  $$ select '00000000-0000-7000-8000-000000000002'::uuid $$;

alter table patients enable row level security;
alter table patients force row level security;
create policy patients_read on patients for select to liaison_app using (
  exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = patients.space_id
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));
create policy patients_open on patients for insert to liaison_app with check (
  created_by = (select app_actor())
  and exists (select from standings s where s.person_id = created_by and s.space_id = patients.space_id));
create policy patients_correct on patients for update to liaison_app using (
  exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = patients.space_id
    and s.actions & 1 <> 0 and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));

alter table memberships enable row level security;
alter table memberships force row level security;
create policy memberships_read on memberships for select to liaison_app using (
  (select app_actor()) = app_recompiler()
  or exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = memberships.space_id
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until)
  or (person_id = (select app_actor()) and added_by = person_id));
create policy memberships_add on memberships for insert to liaison_app with check (
  added_by = (select app_actor())
  and (exists (select from standings s where s.person_id = added_by and s.space_id = memberships.space_id
      and (s.actions & 1 <> 0
        -- where nobody manages the circle, who may open dossiers names who will
        or (s.actions & 512 <> 0 and not exists (select from standings o where o.space_id = memberships.space_id and o.actions & 1 <> 0
          and o.valid_from <= statement_timestamp() and statement_timestamp() < o.valid_until)))
      and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until)
    -- who opens a dossier seats himself first, while nobody stands there
    or (person_id = added_by and not exists (select from standings s where s.space_id = memberships.space_id)
      and exists (select from spaces p where p.id = memberships.space_id and p.created_by = added_by))));
create policy memberships_end on memberships for update to liaison_app using (
  exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = memberships.space_id
    and (s.actions & 1 <> 0 or (s.actions & 2 <> 0 and memberships.person_id = s.person_id))
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));

alter table wills enable row level security;
alter table wills force row level security;
create policy wills_read on wills for select to liaison_app using (
  (select app_actor()) = app_recompiler()
  or exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = wills.space_id
    and (wills.kind <> 'opposition' or s.actions & (1 | 16 | 256) <> 0)
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until)
  or recorded_by = (select app_actor()));
create policy wills_record on wills for insert to liaison_app with check (
  recorded_by = (select app_actor())
  and exists (select from standings s where s.person_id = recorded_by and s.space_id = wills.space_id
    and s.actions & (1 | 256) <> 0 and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until)
  -- the information given to the patient is recorded by who opens the dossier
  or (recorded_by = (select app_actor()) and kind = 'information'
    and exists (select from spaces p where p.id = wills.space_id and p.created_by = recorded_by)));

-- Visible = category in rights, masks do not hit my class, no named audience or I am in it, not before my history;
-- or I wrote it; and in every case I stand here now.
alter table messages enable row level security;
alter table messages force row level security;
create policy messages_read on messages for select to liaison_app using (
  (select app_actor()) = app_relay()
  or exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = messages.space_id
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until
    and (messages.author_id = s.person_id
      or (s.reads & messages.category <> 0 and s.mask_class & messages.masks = 0
        and (messages.only_to is null or s.person_id = any (messages.only_to))
        and messages.created_at >= s.history_from))));
-- A batch may mix authors: the row's own author is checked, not the session's actor.
create policy messages_post on messages for insert to liaison_app with check (
  exists (select from standings s where s.person_id = messages.author_id and s.space_id = messages.space_id
    and s.writes & messages.category <> 0
    and s.valid_from <= clock_timestamp() and clock_timestamp() < s.valid_until));
create policy messages_change on messages for update to liaison_app using (
  messages.author_id = (select app_actor())
  and exists (select from standings s where s.person_id = messages.author_id and s.space_id = messages.space_id
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));
create policy messages_locate on messages for select to liaison_locator using (true);
grant select (id, space_id, channel_id, position, author_id, thread_id, category, masks, only_to, state, revision, fingerprint, created_at)
  on messages to liaison_locator;

alter table message_revisions enable row level security;
alter table message_revisions force row level security;
create policy message_revisions_read on message_revisions for select to liaison_app using (
  exists (select from messages m where m.id = message_revisions.message_id));
create policy message_revisions_keep on message_revisions for insert to liaison_app with check (
  exists (select from messages m where m.id = message_revisions.message_id and m.author_id = (select app_actor())));

alter table receipts enable row level security;
alter table receipts force row level security;
create policy receipts_read on receipts for select to liaison_app using (
  (select app_actor()) = app_relay() or author_id = (select app_actor()) or person_id = (select app_actor()));
create policy receipts_write on receipts for insert to liaison_app with check (person_id = (select app_actor()));
create policy receipts_progress on receipts for update to liaison_app using (person_id = (select app_actor()));

alter table read_marks enable row level security;
alter table read_marks force row level security;
create policy read_marks_own on read_marks for all to liaison_app using (
  person_id = (select app_actor()) or (select app_actor()) = app_relay());

-- Where a message lives and who wrote it, whoever asks: to tell a replay from a theft, and to journal a refusal.
-- The locator role sees these columns and no body.
-- +goose StatementBegin
create function locate_messages(ids uuid[])
returns table (id uuid, space_id uuid, channel_id uuid, msg_position bigint, author_id uuid, thread_id uuid, category int, masks int,
               only_to uuid[], state text, revision int, fingerprint bytea, created_at timestamptz)
language sql stable security definer set search_path = public as $$
  select m.id, m.space_id, m.channel_id, m.position, m.author_id, m.thread_id, m.category, m.masks, m.only_to, m.state, m.revision,
         m.fingerprint, m.created_at
  from messages m where m.id = any (ids)
$$;
-- +goose StatementEnd
alter function locate_messages(uuid[]) owner to liaison_locator;
revoke all on function locate_messages(uuid[]) from public;
grant execute on function locate_messages(uuid[]) to liaison_app;

-- The one exception to the gate: the look-alike answer when a dossier is opened (rate-limited, journalled by its caller).
-- All of a birth date, without limit: it is a few hundred in a region (some thousands on a 1 January that stands for an unknown
-- day), and one left out is a second dossier. The caller compares, and answers the likest.
create policy patients_locate on patients for select to liaison_locator using (true);
grant select (id, space_id, birth_name, used_name, given_names, sex, birth_date, town, birth_name_key, used_name_key, given_names_key)
  on patients to liaison_locator;
-- +goose StatementBegin
create function look_alikes(born date)
returns table (id uuid, space_id uuid, birth_name text, used_name text, given_names text, sex text, birth_date date, town text,
               birth_name_key text, used_name_key text, given_names_key text)
language sql stable security definer set search_path = public as $$
  select p.id, p.space_id, p.birth_name, p.used_name, p.given_names, p.sex, p.birth_date, p.town,
         p.birth_name_key, p.used_name_key, p.given_names_key
  from patients p where p.birth_date = born
$$;
-- +goose StatementEnd
alter function look_alikes(date) owner to liaison_locator;
revoke all on function look_alikes(date) from public;
grant execute on function look_alikes(date) to liaison_app;

-- Who sits in the circle of a channel now, to check the people a message names.
create policy memberships_locate on memberships for select to liaison_locator using (true);
grant select (space_id, person_id, valid_from, valid_until) on memberships to liaison_locator;
grant select (id, space_id) on channels to liaison_locator;
-- +goose StatementBegin
create function circle_members(channel_ids uuid[]) returns table (channel_id uuid, person_id uuid)
language sql stable security definer set search_path = public as $$
  select distinct c.id, m.person_id from channels c join memberships m on m.space_id = c.space_id
  where c.id = any (channel_ids) and m.valid_from <= statement_timestamp() and statement_timestamp() < m.valid_until
$$;
-- +goose StatementEnd
alter function circle_members(uuid[]) owner to liaison_locator;
revoke all on function circle_members(uuid[]) from public;
grant execute on function circle_members(uuid[]) to liaison_app;

revoke create on schema public from liaison_locator;

-- Backup and restore see every row under a role of their own: what they copy of care data is sealed.
grant select, insert, update on all tables in schema public to liaison_backup; -- the table of migrations too
create policy patients_backup on patients for all to liaison_backup using (true) with check (true);
create policy memberships_backup on memberships for all to liaison_backup using (true) with check (true);
create policy wills_backup on wills for all to liaison_backup using (true) with check (true);
create policy messages_backup on messages for all to liaison_backup using (true) with check (true);
create policy message_revisions_backup on message_revisions for all to liaison_backup using (true) with check (true);
create policy receipts_backup on receipts for all to liaison_backup using (true) with check (true);
create policy read_marks_backup on read_marks for all to liaison_backup using (true) with check (true);

-- +goose Down
select 1;
