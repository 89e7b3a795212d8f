-- Documents: what is known of a file; its bytes are sealed chunks in the object store. Name and caption are sealed too.
-- An unattached one is its uploader's and expires; an attached one stands and falls with its message.

-- +goose Up

grant create on schema public to liaison_locator;

create table documents (
  id          uuid primary key,
  space_id    uuid not null references spaces,
  uploader_id uuid not null,
  message_id  uuid references messages,
  place       int,                      -- among the documents of its message
  state       text not null default 'receiving' check (state in ('receiving', 'ready', 'refused')),
  refusal     text,                     -- the code of the problem its uploader was given
  described   bytea not null,           -- sealed: name, caption, size and sum as declared
  progress    bytea not null,           -- sealed: the running sum of what was received
  size        bigint not null check (size > 0),
  received    bigint not null default 0 check (received between 0 and size),
  media_type  text,
  width       int,
  height      int,
  thumbnail   boolean not null default false,
  fingerprint bytea not null,           -- keyed hash of what was declared, for replays
  created_at  timestamptz not null default clock_timestamp(),
  attached_at timestamptz,
  expires_at  timestamptz,
  xid         xid8 not null default pg_current_xact_id(),
  check ((message_id is null) = (attached_at is null) and (message_id is null) = (expires_at is not null)),
  check ((state = 'refused') = (refusal is not null) and (message_id is null or state = 'ready'))
);
create index documents_message on documents (message_id) where message_id is not null;
create index documents_space on documents (space_id, attached_at desc, id desc) where message_id is not null;
create index documents_uploader on documents (uploader_id) where message_id is null;
create index documents_expiry on documents (expires_at) where message_id is null;

-- Only attaching (below) moves a document to a message, and only forgetting removes one.
grant select, insert on documents to liaison_app;
grant update (state, refusal, progress, received, media_type, width, height, thumbnail, expires_at, xid) on documents to liaison_app;

alter table documents enable row level security;
alter table documents force row level security;
-- Row-level security of messages decides in the last case: what a document's message hides, it hides.
create policy documents_read on documents for select to liaison_app using (
  (message_id is not null and (select app_actor()) = app_relay())
  or (message_id is null and uploader_id = (select app_actor())
    and exists (select from standings s where s.person_id = documents.uploader_id and s.space_id = documents.space_id
      and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until))
  or exists (select from messages m where m.id = documents.message_id
    and (m.state <> 'withdrawn' or m.author_id = (select app_actor())
      or exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = m.space_id and s.actions & 16 <> 0
        and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until))));
create policy documents_begin on documents for insert to liaison_app with check (
  uploader_id = (select app_actor()) and message_id is null
  and exists (select from standings s where s.person_id = documents.uploader_id and s.space_id = documents.space_id and s.writes <> 0
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));
create policy documents_progress on documents for update to liaison_app using (
  uploader_id = (select app_actor()) and message_id is null
  and exists (select from standings s where s.person_id = documents.uploader_id and s.space_id = documents.space_id
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until));

create policy documents_locate on documents for all to liaison_locator using (true) with check (true);
grant select (id, space_id, uploader_id, message_id, place, state, described, size, media_type, width, height, thumbnail, fingerprint,
  attached_at, expires_at) on documents to liaison_locator;
grant update (message_id, place, attached_at, expires_at, xid) on documents to liaison_locator;
grant delete on documents to liaison_locator;

-- Where a document lives and whose it is, whoever asks: to tell a replay from a theft, and to know which gate to ask.
-- +goose StatementBegin
create function locate_documents(ids uuid[])
returns table (id uuid, space_id uuid, uploader_id uuid, message_id uuid, state text, fingerprint bytea)
language sql stable security definer set search_path = public as $$
  select d.id, d.space_id, d.uploader_id, d.message_id, d.state, d.fingerprint from documents d where d.id = any (ids)
$$;
-- +goose StatementEnd

-- The documents that a batch of posts names, locked until it commits: one document goes to one message.
-- +goose StatementBegin
create function claim_documents(ids uuid[])
returns table (id uuid, space_id uuid, uploader_id uuid, free boolean, described bytea, size bigint, media_type text, width int, height int,
               thumbnail boolean)
language sql volatile security definer set search_path = public as $$
  select d.id, d.space_id, d.uploader_id, d.message_id is null and d.state = 'ready' and d.expires_at > statement_timestamp(),
         d.described, d.size, d.media_type, d.width, d.height, d.thumbnail
  from documents d where d.id = any (ids) order by d.id for update
$$;
-- +goose StatementEnd

-- A document goes where its uploader posted it, in its own space, once; anything else undoes the whole batch.
-- +goose StatementBegin
create function attach_documents(ids uuid[], messages uuid[], places int[], times timestamptz[]) returns void
language plpgsql volatile security definer set search_path = public as $$
declare moved int;
begin
  update documents d set message_id = m.id, place = v.place, attached_at = v.at, expires_at = null, xid = pg_current_xact_id()
  from unnest(ids, messages, places, times) v (id, message, place, at) join messages m on m.id = v.message
  where d.id = v.id and d.message_id is null and d.state = 'ready' and d.uploader_id = m.author_id and d.space_id = m.space_id;
  get diagnostics moved = row_count;
  if moved <> cardinality(ids) then
    raise exception 'a document cannot be attached' using errcode = '23514';
  end if;
end $$;
-- +goose StatementEnd

-- Those nobody attached in time. Objects are removed before the row: what is forgotten here is nowhere any more. The minutes
-- are for an upload that still runs on another node.
-- +goose StatementBegin
create function expired_documents(most int) returns table (id uuid, space_id uuid)
language sql stable security definer set search_path = public as $$
  select d.id, d.space_id from documents d
  where d.message_id is null and d.expires_at < statement_timestamp() - interval '5 minutes' order by d.expires_at limit most
$$;
-- +goose StatementEnd
-- +goose StatementBegin
create function forget_documents(ids uuid[]) returns void
language sql volatile security definer set search_path = public as $$
  delete from documents d where d.id = any (ids) and d.message_id is null and d.expires_at < statement_timestamp() - interval '5 minutes'
$$;
-- +goose StatementEnd

-- +goose StatementBegin
do $$
declare f regprocedure;
begin
  foreach f in array array['locate_documents(uuid[])', 'claim_documents(uuid[])', 'attach_documents(uuid[],uuid[],int[],timestamptz[])',
                           'expired_documents(int)', 'forget_documents(uuid[])']::regprocedure[] loop
    execute format('alter function %s owner to liaison_locator', f);
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to liaison_app', f);
  end loop;
end $$;
-- +goose StatementEnd

revoke create on schema public from liaison_locator;

grant select, insert, update on documents to liaison_backup;
create policy documents_backup on documents for all to liaison_backup using (true) with check (true);

-- +goose Down
select 1;
