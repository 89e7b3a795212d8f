-- Search by a blind index, and which measures a message holds.

-- +goose Up

-- What can be found, and by which terms: a term is eight bytes of a keyed hash of a stem, under a key of the space. No row-level
-- security on purpose: its operators on arrays are not leakproof, and an index on them would not be used under it. The rows tell
-- nothing; whoever finds one reads the message by its id, from the table that has row-level security.
create table search_entries (
  object_id  uuid primary key,          -- the message itself, or a document attached to it
  kind       text not null check (kind in ('message', 'document')),
  message_id uuid not null,
  space_id   uuid not null,
  at         timestamptz not null,      -- of the message
  terms      bigint[] not null
);
-- Without the list of what is pending: a search would go through all of it, once a space.
create index search_entries_terms on search_entries using gin (terms) with (fastupdate = off);
create index search_entries_at on search_entries (at, object_id);
create index search_entries_documents on search_entries (message_id) where kind = 'document';

-- How far indexing has come: everything over at horizon is in. A pass in progress goes to next, and stands after a message; a
-- whole pass takes every message, and not what events say.
create table search_progress (
  single  boolean primary key default true check (single),
  version int not null,                 -- of the analysis; another one begins a whole pass
  horizon text not null,
  next    text,
  after   uuid,
  whole   boolean not null
);

create index events_messages_xid on events (xid) where message_id is not null;

-- One bit a kind of measure, in the order of chat's list.
alter table messages add column measure_kinds int not null default 0;
create index messages_measures on messages (space_id, written_at) where measure_kinds <> 0;

grant select, insert, update, delete on search_entries, search_progress to liaison_app;
grant select, insert, update on search_entries, search_progress to liaison_backup;

-- +goose Down
select 1;
