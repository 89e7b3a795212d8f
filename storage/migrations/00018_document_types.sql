-- Types of documents that some do not read even of a category they read; specialities of professionals.

-- +goose Up

grant create on schema public to liaison_locator;

alter table professionals add column speciality text check (speciality <> '');

-- The third table of a matrix, as CSV; '' is none. Versions published before have none.
alter table matrices add column exceptions text not null default '';
alter table matrix_drafts add column exceptions text not null default '';

-- The types of the documents posted with the message; null for none. They stay as long as the message.
alter table messages add column document_types text[] check (cardinality(document_types) > 0);
-- +goose StatementBegin
create function messages_keep_types() returns trigger language plpgsql as $$
begin
  if new.document_types is distinct from old.document_types then
    raise insufficient_privilege using message = 'a message keeps the types of its documents';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger messages_keep_types before update of document_types on messages for each row execute function messages_keep_types();

-- What a standing does not read whatever its categories.
alter table standings add column barred_types text[] not null default '{}';

-- The second lock. The operator on arrays is not leakproof; no index serves it, and none is asked to.
alter policy messages_read on messages using (
  (select app_actor()) = app_relay()
  or exists (select from standings s where s.person_id = (select app_actor()) and s.space_id = messages.space_id
    and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until
    and (messages.author_id = s.person_id
      or (s.reads & messages.category <> 0 and s.mask_class & messages.masks = 0
        and (messages.only_to is null or s.person_id = any (messages.only_to))
        and (messages.document_types && s.barred_types) is not true
        and messages.created_at >= s.history_from))));

-- The same functions as before, with one column more.
grant select (document_types) on messages to liaison_locator;
drop function locate_messages(uuid[]);
-- +goose StatementBegin
create function locate_messages(ids uuid[])
returns table (id uuid, space_id uuid, channel_id uuid, msg_position bigint, author_id uuid, thread_id uuid, category int, masks int,
               only_to uuid[], state text, revision int, fingerprint bytea, created_at timestamptz, document_types text[])
language sql stable security definer set search_path = public as $$
  select m.id, m.space_id, m.channel_id, m.position, m.author_id, m.thread_id, m.category, m.masks, m.only_to, m.state, m.revision,
         m.fingerprint, m.created_at, m.document_types
  from messages m where m.id = any (ids)
$$;
-- +goose StatementEnd
alter function locate_messages(uuid[]) owner to liaison_locator;
revoke all on function locate_messages(uuid[]) from public;
grant execute on function locate_messages(uuid[]) to liaison_app;
drop function narrowed_from(uuid[]);
-- +goose StatementBegin
create function narrowed_from(ids uuid[])
returns table (message_id uuid, msg_position bigint, category int, masks int, only_to uuid[], author_id uuid, created_at timestamptz, document_types text[])
language sql stable security definer set search_path = public as $$
  select r.message_id, r.position, r.category, r.masks, r.only_to, m.author_id, m.created_at, m.document_types
  from message_revisions r join messages m on m.id = r.message_id where r.message_id = any (ids) and r.position is not null
$$;
-- +goose StatementEnd
alter function narrowed_from(uuid[]) owner to liaison_locator;
revoke all on function narrowed_from(uuid[]) from public;
grant execute on function narrowed_from(uuid[]) to liaison_app;

revoke create on schema public from liaison_locator;

-- +goose Down
select 1;
